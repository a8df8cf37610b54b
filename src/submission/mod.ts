export { injectLocal, type InjectOptions } from "./inject.ts";
export type { LocalMessage } from "./message.ts";
export { normaliseLines } from "./normalise.ts";
