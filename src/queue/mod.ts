export { isQueueId, newQueueId } from "./id.ts";
export * from "./port.ts";
