export * from "./facts.ts";
export { generateReceived } from "./generate.ts";
