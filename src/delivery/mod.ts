export type { PlanOptions } from "./plan.ts";
export { DEFAULT_RETRY, type RetryPolicy } from "./retry.ts";
export type { FixedHop, MaildirTarget, Route, RouteTarget } from "./route.ts";
export type { OpenSession } from "./walk.ts";
