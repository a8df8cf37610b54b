export { type LogOptions, startLog } from "./log.ts";
