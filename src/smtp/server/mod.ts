export * from "./reception.ts";
