export { isLoopback } from "./addresses.ts";
export { type Errand, type Plan, planDelivery, type PlanOptions } from "./plan.ts";
export { DEFAULT_RETRY, type RetryPolicy } from "./retry.ts";
export { type FixedHop, type LmtpTarget, type MaildirTarget, type Route, routeFor, type RouteTarget } from "./route.ts";
export type { OpenSession } from "./walk.ts";
