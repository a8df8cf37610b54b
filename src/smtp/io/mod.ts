export * from "./client.ts";
export * from "./dial.ts";
export * from "./server.ts";
export * from "./server_connection.ts";
export { type Descriptors, descriptors } from "./server_descriptors.ts";
export { BUSY, turnAway } from "./server_refuse.ts";
export * from "./server_tls.ts";
