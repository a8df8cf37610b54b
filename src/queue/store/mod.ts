export { memoryStore } from "./memory.ts";
export type { BodyFile, BodyFiles } from "./sqlite/files.ts";
export { openSqliteStore, type SqliteStoreOptions } from "./sqlite/open.ts";
