export { sumOf as sumOfCensuses } from "./census.ts";
export { isQueueId, newQueueId } from "./id.ts";
export * from "./port.ts";
export { shortOf, storeFault } from "./fault.ts";
export { unitsOf } from "./units.ts";
