export type { DeliveryOptions } from "./options.ts";
export { patientDial } from "./patience.ts";
export { type Delivery, startDelivery } from "./worker.ts";
