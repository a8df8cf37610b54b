export { type JoinedStore, joinedStore } from "./joined.ts";
export { joinedView, type QueueView } from "./joined_view.ts";
export { memoryStore } from "./memory.ts";
export * from "./sqlite/mod.ts";
