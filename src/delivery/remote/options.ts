import type { Clock, Millis, Random } from "../../base/mod.ts";
import type { Resolver } from "../../dns/mod.ts";
import type { NoticeBound } from "../../dsn/mod.ts";
import type { Domain, Mailbox } from "../../mail/mod.ts";
import type { LocalPolicies } from "../../policy/mod.ts";
import type { QueueId, Store } from "../../queue/mod.ts";
import type { OpenSession } from "../walk.ts";
import type { PlanOptions } from "../plan.ts";
import type { RetryPolicy } from "../retry.ts";
import type { Route } from "../route.ts";

export interface DeliveryOptions {
  readonly store: Store;
  readonly resolver: Resolver;
  readonly random: Random;
  readonly clock: Clock;
  readonly openSession: OpenSession;
  readonly routes: readonly Route[];
  readonly policies: LocalPolicies;
  readonly hostname: Domain;
  /** The author of notices. */
  readonly postmaster: Mailbox;
  readonly self: PlanOptions["self"];
  /** The port of MX hosts; default 25. */
  readonly port?: number;
  /** Default: RFC 5321 §4.5.4.1. */
  readonly retry?: RetryPolicy;
  /** Attempts at once in all, and to one destination; default 100 and 10. */
  readonly concurrency?: number;
  readonly perDestination?: number;
  /** How long a claim lasts unless renewed; default 5 minutes. */
  readonly lease?: Millis;
  /** How long attempts may go on after the signal; default 1 minute. */
  readonly drain?: Millis;
  readonly newQueueId: () => QueueId;
  /** Keeps notices to one sender domain from coming all at once. */
  readonly notices?: NoticeBound;
  /** Ends the work: nothing new is begun, and what is under way may finish. */
  readonly signal: AbortSignal;
}
