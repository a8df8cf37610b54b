export * from "./failure.ts";
