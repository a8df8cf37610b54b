export * from "./dial.ts";
export * from "./open.ts";
export * from "./self-test.ts";
export * from "./servers.ts";
export * from "./system.ts";
