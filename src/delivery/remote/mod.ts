export type { DeliveryOptions } from "./options.ts";
export { type Delivery, startDelivery } from "./worker.ts";
