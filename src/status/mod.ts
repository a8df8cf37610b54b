export * from "./cause.ts";
export * from "./status.ts";
export * from "./wire.ts";
