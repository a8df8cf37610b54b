export { memoryStore } from "./memory.ts";
export * from "./sqlite/mod.ts";
