export * from "./brand.ts";
export * from "./bytes.ts";
export * from "./clock.ts";
export * from "./random.ts";
export * from "./result.ts";
export * from "./unreachable.ts";
