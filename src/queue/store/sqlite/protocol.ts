import type { Bytes, Instant } from "../../../base/mod.ts";
import type {
  Census,
  HeldBy,
  Operation,
  QueuedUnit,
  QueueId,
  RecipientState,
  StoreError,
  TallyEntry,
  UnitFilter,
} from "../../port.ts";

/** What the parent and the worker thread say to each other. Everything here can be cloned between threads. */
export interface Calls {
  /** All of them or none. */
  commit: { readonly request: { readonly messages: readonly NewRow[] }; readonly answer: undefined };
  claim: {
    readonly request: {
      readonly now: Instant;
      readonly leaseUntil: Instant;
      readonly limit: number;
      readonly except: readonly string[];
      readonly suspects?: "only" | "none";
    };
    readonly answer: readonly ClaimRow[];
  };
  renew: {
    readonly request: { readonly unit: number; readonly token: number; readonly until: Instant };
    readonly answer: boolean;
  };
  settle: { readonly request: SettleRequest; readonly answer: SettleAnswer };
  operate: { readonly request: OperateRequest; readonly answer: OperateAnswer };
  body: { readonly request: { readonly id: string }; readonly answer: BodyAnswer };
  nextDue: { readonly request: { readonly except: readonly string[] }; readonly answer: Instant | undefined };
  list: {
    readonly request: { readonly now: Instant; readonly limit: number; readonly after: string };
    readonly answer: readonly MessageRow[];
  };
  /** Looks at a bounded number of messages; `next` is where to go on. */
  search: {
    readonly request: {
      readonly now: Instant;
      readonly limit: number;
      readonly after: string;
      readonly filter: UnitFilter;
    };
    readonly answer: { readonly rows: readonly MessageRow[]; readonly next?: string };
  };
  tallies: {
    readonly request: { readonly day?: string };
    readonly answer: readonly (TallyEntry & { readonly count: number })[];
  };
  forgetTallies: { readonly request: { readonly day: string }; readonly answer: undefined };
  show: {
    readonly request: { readonly now: Instant; readonly id: string };
    readonly answer: MessageRow | undefined;
  };
  census: { readonly request: { readonly at: Instant }; readonly answer: Census };
  count: { readonly request: object; readonly answer: { readonly messages: number; readonly units: number } };
}

export type CallName = keyof Calls;
export type Call = { readonly [N in CallName]: { readonly name: N } & Calls[N]["request"] }[CallName];

export interface NewRow {
  readonly id: string;
  readonly acceptedAt: Instant;
  /** As `encodeEnvelope` writes it. */
  readonly envelope: string;
  readonly bodySize: number;
  /** As `contentSum` makes it. */
  readonly bodySum: number;
  /** As `senderKey` makes it. */
  readonly sender: string;
  /** Absent when the content is in a file. (SQLite keeps an empty blob as NULL: `bodySize` 0 means no file.) */
  readonly body?: Bytes;
  /** `recipients` as `encodeRecipients` writes it. */
  readonly units: readonly { readonly destination: string; readonly recipients: string }[];
}

export interface SettleRequest {
  readonly unit: number;
  readonly token: number;
  readonly recipients: ReadonlyMap<number, RecipientState>;
  readonly retryAt?: Instant;
  readonly hold?: boolean | "damage";
  readonly at: Instant;
  readonly untouched?: true;
  readonly tally: readonly TallyEntry[];
  readonly enqueue: readonly NewRow[];
}

export interface SettleAnswer {
  readonly held: boolean;
  /** The message is gone and its content file, named here, may go too. */
  readonly freed?: string;
}

/** One step over a bounded number of units, those with keys from `from` to before `until`. */
export interface OperateRequest {
  readonly filter: UnitFilter;
  readonly operation: Operation;
  readonly at: Instant;
  readonly from: number;
  /** Absent in the first step, which answers what it is. */
  readonly until?: number;
}

export interface OperateAnswer {
  readonly count: number;
  /** Messages that are gone and whose content files may go too. */
  readonly freed: readonly string[];
  /** Where to go on. */
  readonly next?: { readonly from: number; readonly until: number };
}

export interface ClaimRow {
  readonly unit: number;
  readonly message: string;
  readonly destination: string;
  readonly token: number;
  readonly leaseUntil: Instant;
  readonly attempt: number;
  readonly crashes: number;
  /** Checked by the worker: `decodeEnvelope` holds. */
  readonly envelope: string;
  readonly acceptedAt: Instant;
  readonly bodySize: number;
  readonly recipients: ReadonlyMap<number, RecipientState>;
}

export interface MessageRow {
  readonly id: string;
  readonly envelope: string;
  readonly acceptedAt: Instant;
  readonly bodySize: number;
  readonly units: readonly {
    readonly unit: number;
    readonly destination: string;
    readonly state: QueuedUnit["state"];
    readonly attempt: number;
    readonly crashes: number;
    readonly heldBy?: HeldBy;
    readonly nextAt: Instant;
    readonly recipients: ReadonlyMap<number, RecipientState>;
  }[];
}

export type BodyAnswer =
  | { readonly kind: "inline"; readonly body: Bytes }
  /** No `sum`: an older program wrote it. */
  | { readonly kind: "file"; readonly size: number; readonly sum?: number }
  | { readonly kind: "absent" };

export interface Fault {
  /** `bug`: the caller asked for something that makes no sense. */
  readonly kind: StoreError["kind"] | "bug";
  readonly text: string;
  /** The message whose row is damaged. */
  readonly id?: QueueId;
  /** The call was never given to the thread. */
  readonly unbegun?: true;
}

export type Outcome = { readonly ok: true; readonly answer: unknown } | { readonly ok: false; readonly fault: Fault };

/** What a shard holds. */
export interface Totals {
  readonly messages: number;
  /** On the disk. */
  readonly octets: number;
}

/** One group: every call is answered, in order. */
export type ToWorker =
  | { readonly kind: "group"; readonly calls: readonly Call[] }
  /** Brings the log into the database while there is room for that; not answered. */
  | { readonly kind: "tidy" }
  | { readonly kind: "close" };

export type FromWorker =
  | { readonly kind: "opened"; readonly files: readonly string[]; readonly totals: Totals }
  | { readonly kind: "refused"; readonly fault: Fault }
  /** `faults`: rows that were found damaged and put on hold. */
  | {
      readonly kind: "answers";
      readonly outcomes: readonly Outcome[];
      readonly faults: readonly string[];
      readonly totals: Totals;
    }
  | { readonly kind: "closed" };

export interface WorkerOptions {
  /** The database file. */
  readonly path: string;
  readonly now: Instant;
}
