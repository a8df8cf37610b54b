import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { systemRandom } from "../../../base/mod.ts";
import { storeContract } from "../contract.test.ts";
import { openSqliteStore } from "./open.ts";

storeContract({
  name: "sqlite",
  lasting: true,
  async open(clock) {
    const directory = await mkdtemp(`${tmpdir()}/hopseal-queue-`);
    const open = (): ReturnType<typeof openSqliteStore> => openSqliteStore({ directory, clock, random: systemRandom });
    let store = await open();
    return {
      store,
      async reopen() {
        await store[Symbol.asyncDispose]();
        store = await open();
        return store;
      },
      async dispose() {
        await store[Symbol.asyncDispose]();
        await rm(directory, { recursive: true });
      },
    };
  },
});
