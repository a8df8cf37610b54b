export * from "./bound.ts";
export * from "./expanded.ts";
export * from "./notice.ts";
export * from "./parse.ts";
export type * from "./types.ts";
export * from "./wishes.ts";
