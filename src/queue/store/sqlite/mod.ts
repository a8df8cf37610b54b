export { openedElsewhere } from "./database.ts";
export type { RoomBounds } from "./room.ts";
export type { BodyFile, BodyFiles } from "./files.ts";
export { openSqliteStore, type SqliteStoreOptions } from "./open.ts";
export { openSqliteReader, type QueueReader } from "./reader.ts";
export { type StoreFinding, type StoreReport, verifyShard } from "./verify.ts";
