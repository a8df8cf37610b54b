export * from "./dial.ts";
export * from "./open.ts";
export * from "./self-test.ts";
export * from "./servers.ts";
export * from "./system.ts";
export { absoluteText, parseName } from "../wire/name.ts";
export { presentRdata, presentRecord } from "../wire/text-present.ts";
export { typeName, typeNumber } from "../wire/types.ts";
