export * from "./client.ts";
export * from "./dial.ts";
