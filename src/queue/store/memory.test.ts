import { storeContract } from "./contract.test.ts";
import { memoryStore } from "./memory.ts";

storeContract({
  name: "memory",
  lasting: false,
  open(clock) {
    const store = memoryStore({ clock });
    return Promise.resolve({ store, dispose: () => store[Symbol.asyncDispose]() as Promise<void> });
  },
});
