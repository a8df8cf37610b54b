export type { Attempt, OpenSession, RecipientOutcome, Via, Work } from "./attempt.ts";
export { type Errand, type Plan, type PlannedHost, planDelivery, type PlanOptions, type RuledOut } from "./plan.ts";
export { DEFAULT_RETRY, type RetryPolicy } from "./retry.ts";
export { type FixedHop, type MaildirTarget, type Route, routeFor, type RouteTarget } from "./route.ts";
export type { DeliveryOptions } from "./remote/options.ts";
export { type Delivery, startDelivery } from "./remote/worker.ts";
