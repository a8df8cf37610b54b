import type { Branded, Bytes, Instant, Millis } from "../base/mod.ts";
import type { Envelope } from "../mail/mod.ts";
import type { Status } from "../status/mod.ts";

/** Names a message in the queue, the log and the Received field; letters and digits only. */
export type QueueId = Branded<string, "QueueId">;

/**
 * The key under which recipients of one message travel together. It is made of the recipient domain as the sender wrote
 * it, so that two domains never share a decision about TLS.
 */
export type Destination = Branded<string, "Destination">;

/** A message to be queued. `recipients` are indices into the envelope's; every one stands in exactly one unit. */
export interface NewMessage {
  readonly id: QueueId;
  readonly envelope: Envelope;
  readonly acceptedAt: Instant;
  readonly units: readonly { readonly destination: Destination; readonly recipients: readonly number[] }[];
}

/** Takes the content of one message as it arrives; never holds a large one in memory. */
export interface BodySink extends AsyncDisposable {
  /** A returned promise asks the caller to wait (back-pressure). Keeps no reference to `chunk` after it resolves. */
  write(chunk: Bytes): void | Promise<void>;
  /** Ends the content. Nothing is durable yet. */
  finish(): Promise<Staged>;
}

/** Content that is complete but not committed; dropping it (dispose) leaves no trace. */
export interface Staged extends AsyncDisposable {
  readonly size: number;
}

/** A message with its content, to be committed. */
export interface Pledge {
  readonly message: NewMessage;
  readonly body: Staged;
}

export type UnitId = Branded<string, "UnitId">;

export type RecipientState =
  /** `warned`: a notice of the delay was sent (RFC 3461 §5.2.3). */
  | { readonly kind: "pending"; readonly last?: Status; readonly warned?: true }
  | { readonly kind: "delivered"; readonly status: Status; readonly at: Instant }
  | { readonly kind: "failed"; readonly status: Status; readonly at: Instant };

/** A lease on one unit of work: one message to one destination. */
export interface Claim {
  readonly unit: UnitId;
  readonly message: QueueId;
  readonly destination: Destination;
  /** Grows with every claim of the unit; a settlement with an older one changes nothing. */
  readonly token: number;
  readonly leaseUntil: Instant;
  /** Counted durably at the claim, 1 for the first. */
  readonly attempt: number;
  /** Claims in a row that ended without a settlement, which means that the process died under them. */
  readonly crashes: number;
  readonly envelope: Envelope;
  readonly acceptedAt: Instant;
  readonly bodySize: number;
  /** States of this unit's recipients by index into the envelope's. */
  readonly recipients: ReadonlyMap<number, RecipientState>;
}

export interface ClaimRequest {
  readonly now: Instant;
  readonly lease: Millis;
  readonly limit: number;
  /** Destinations to leave alone now (busy, backing off). */
  readonly except?: readonly Destination[];
  /** `only` units whose claim would have `crashes` above 0, or `none` of them; both kinds unless given. */
  readonly suspects?: "only" | "none";
}

export interface Settlement {
  readonly at: Instant;
  /** New states by index; recipients not named stay as they are. */
  readonly recipients: ReadonlyMap<number, RecipientState>;
  /** When to try again while any recipient is pending; must be given then. */
  readonly retryAt?: Instant;
  /** Notices to enqueue in the same transaction. */
  readonly enqueue?: readonly { readonly message: NewMessage; readonly body: Bytes }[];
  /** Keep the unit but do not try again until an operator releases it; `damage`: as its content cannot be read. */
  readonly hold?: boolean | "damage";
  /**
   * The claim is given back as it was: its attempt does not count, and crashes stay as the claim showed them. `retryAt`
   * is `at` unless given.
   */
  readonly untouched?: true;
  /** Sessions to be counted for TLS reports, in the same transaction. */
  readonly tally?: readonly TallyEntry[];
}

/** One counted thing of a day; the key is opaque here (`tlsrpt` makes it). */
export interface TallyEntry {
  /** UTC, YYYY-MM-DD. */
  readonly day: string;
  readonly key: string;
}

/** Units that an operator means; each given field narrows. */
export interface UnitFilter {
  readonly message?: QueueId;
  readonly destination?: Destination;
  readonly state?: QueuedUnit["state"];
  /** The envelope's reverse-path as written, "" for the null one; letter case of the domain means nothing. */
  readonly sender?: string;
}

/**
 * `retry` makes waiting units due; `release` makes held ones due; `hold` keeps waiting and due ones back; `drop` removes
 * units without any notice, and the message with its last one. Leased units stay as they are.
 */
export type Operation = "retry" | "release" | "hold" | "drop";

export interface QueuedUnit {
  readonly unit: UnitId;
  readonly destination: Destination;
  readonly state: "due" | "waiting" | "leased" | "held";
  readonly attempt: number;
  /** Claims in a row that ended without a settlement; kept when the unit was put on hold for them. */
  readonly crashes: number;
  /** Present exactly when held. */
  readonly heldBy?: HeldBy;
  readonly nextAt: Instant;
  readonly recipients: ReadonlyMap<number, RecipientState>;
}

export interface Census {
  readonly messages: number;
  readonly units: { readonly [state in QueuedUnit["state"]]: number };
  /** When the unit due for longest fell due; absent when none is due. */
  readonly oldestDue?: Instant;
}

/** Who put a unit on hold: a settlement, an operator, or the store because its row is damaged. */
export type HeldBy = "settlement" | "operator" | "damage";

/** A message as operators see it. Units whose recipients are all delivered or failed are gone; so is it with the last. */
export interface QueuedMessage {
  readonly id: QueueId;
  readonly envelope: Envelope;
  readonly acceptedAt: Instant;
  readonly bodySize: number;
  readonly units: readonly QueuedUnit[];
}

/** What stands in the way of more mail: too little space on the disk, or as much in the queue as it may hold. */
export type Shortage = "disk-space" | "queue-size";

/** A fault of the store that its caller must answer for; anything else thrown is a bug. */
export class StoreError extends Error {
  readonly kind: "no-space" | "io" | "corrupt" | "closed";
  /** The message whose row is damaged, where it is known. */
  readonly id?: QueueId;
  /** The bound that was reached, where no disk failed. */
  readonly limit?: Shortage;
  constructor(
    kind: StoreError["kind"],
    detail: string,
    options?: ErrorOptions & { readonly id?: QueueId; readonly limit?: Shortage },
  ) {
    super(detail, options);
    this.name = "StoreError";
    this.kind = kind;
    if (options?.id !== undefined) this.id = options.id;
    if (options?.limit !== undefined) this.limit = options.limit;
  }
}

/**
 * The only door to stored mail. `commit` and `settle` are durable when they resolve: the data would survive a power cut.
 * Every backend passes the same contract suite.
 */
export interface Store extends AsyncDisposable {
  /**
   * What stands in the way of a message of so many octets, to be asked before one is taken; it costs next to nothing. A
   * commit without room is refused as `no-space`. A store without it has no bounds of its own.
   */
  room?(octets: number): Shortage | undefined | Promise<Shortage | undefined>;
  stage(): BodySink;
  /**
   * Queues a message with its content; concurrent calls share one group commit. Consumes `body`, whatever happens. After
   * StoreError `io` it is not promised, but may turn up whole when the process dies at once.
   */
  commit(message: NewMessage, body: Staged): Promise<void>;
  /** Queues several messages in one transaction, all of them or none; else as `commit`. */
  commitAll(batch: readonly Pledge[]): Promise<void>;
  /** Leases due units, oldest due first; at most `limit`. */
  claim(request: ClaimRequest): Promise<readonly Claim[]>;
  /** Extends a lease; false when it was lost. One that ran out is not lost before somebody else claims the unit. */
  renew(claim: Claim, until: Instant): Promise<boolean>;
  /**
   * The content from `start` (default 0) on, in chunks; StoreError `io` when the message is no longer there, `corrupt` when
   * the content is missing, cut short, or not what was committed: never is all of such a one handed out.
   */
  openBody(message: QueueId, start?: number): AsyncIterable<Bytes>;
  /** One transaction, conditional on the token; false when the lease was lost and nothing was changed. */
  settle(claim: Claim, settlement: Settlement): Promise<boolean>;
  /**
   * Does an operation to every unit that the filter means at the time `at`; durable when it resolves to how many that
   * were. Done in bounded steps, so one that fails midway has done a part, and doing it again does the rest.
   */
  operate(filter: UnitFilter, operation: Operation, at: Instant): Promise<number>;
  /**
   * When the next unit falls due, those to `except` left out; undefined when nothing waits. Leased units count at the end
   * of their lease.
   */
  nextDue(except?: readonly Destination[]): Promise<Instant | undefined>;
  /**
   * By id, which is by age; `limit` is 100 unless given. With a filter, the messages of which it means any unit, whole.
   * StoreError `corrupt` names a damaged row.
   */
  list(query?: {
    readonly limit?: number;
    readonly after?: QueueId;
    readonly filter?: UnitFilter;
  }): Promise<readonly QueuedMessage[]>;
  /** How often each tally entry was settled, of one day or of all; in the order of day and key (as UTF-8). */
  tallies(day?: string): Promise<readonly (TallyEntry & { readonly count: number })[]>;
  /** Forgets the tallies of days before `day`. */
  forgetTallies(day: string): Promise<void>;
  show(id: QueueId): Promise<QueuedMessage | undefined>;
  count(): Promise<{ readonly messages: number; readonly units: number }>;
  /** How much there is of what at `at`; walks an index of all units, so it is for a look now and then. */
  census(at: Instant): Promise<Census>;
  /** A hint that work may be due; never the truth. */
  watch(listener: () => void): Disposable;
}
