import type { Clock, Millis, Random } from "../../base/mod.ts";
import type { Resolver } from "../../dns/mod.ts";
import type { NoticeBound } from "../../dsn/mod.ts";
import type { Domain, Mailbox } from "../../mail/mod.ts";
import type { ConvertTo7Bit } from "../../mime/mod.ts";
import type { LocalPolicies, PolicySources, Taking } from "../../policy/mod.ts";
import type { QueueId, Store, TallyEntry } from "../../queue/mod.ts";
import type { SessionRecord } from "../../tlsrpt/mod.ts";
import type { Connections, OpenSession } from "../walk.ts";
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
  /** Addresses at which hosts that DNS or an address literal names may be dialled; default all. */
  readonly mayDial?: (address: string) => boolean;
  /** What destinations publish; without it nobody looks. */
  readonly sources?: PolicySources;
  readonly taking?: Taking;
  /** Turns content into 7-bit for routes that allow it. */
  readonly convert?: ConvertTo7Bit;
  /** What to count of the sessions of an attempt for TLS reports, with its settlement. */
  readonly tally?: (sessions: readonly SessionRecord[]) => readonly TallyEntry[];
  /** Default: RFC 5321 §4.5.4.1. */
  readonly retry?: RetryPolicy;
  /** Attempts at once in all, and at most to one destination, which begins with fewer; default 100 and 10. */
  readonly concurrency?: number;
  readonly perDestination?: number;
  /** Connections to one address, whatever the domains behind it; default 20. */
  readonly perAddress?: number;
  /** How long a session waits for another message to the same host; 0 ends it at once. Default 2 s. */
  readonly reuse?: Millis;
  /** How long a connection may take while other addresses remain; default 5 s. */
  readonly patience?: Millis;
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

/** What one attempt needs: `signal` ends it. */
export interface AttemptOptions extends DeliveryOptions {
  readonly connections: Connections;
}
