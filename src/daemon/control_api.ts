import type { Bytes, Instant, Result } from "../base/mod.ts";
import type { MetricsSnapshot } from "../observe/mod.ts";
import type { PolicyServiceCounts } from "./policy_service.ts";
import type { Census, Operation, QueuedMessage, Store, UnitFilter } from "../queue/mod.ts";
import type { Status } from "../status/mod.ts";
import type { LocalMessage } from "../submission/mod.ts";

/** Version of the JSON that the control socket and `--json` speak; grows with every incompatible change. */
export const CONTROL_VERSION = 1;

export interface DaemonStatus {
  readonly version: typeof CONTROL_VERSION;
  readonly hostname: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly started: string;
  readonly listeners: readonly { readonly role: string; readonly address: string; readonly tls: string }[];
  /** Only where `[policy_service]` is configured. */
  readonly policyService?: { readonly addresses: readonly string[] } & PolicyServiceCounts;
  readonly queue: {
    readonly messages: number;
    readonly units: number;
    /** How many of the units are in which state. */
    readonly states: Census["units"];
    /** ISO 8601; absent when none is due. */
    readonly oldestDue?: string;
  };
  /** Only where there are several. */
  readonly workers?: readonly {
    readonly number: number;
    /** Absent while it does not run. */
    readonly pid?: number;
    readonly state: "starting" | "ready" | "down";
    /** Those that it delivers from; it accepts into the one of its own number. */
    readonly shards: readonly number[];
    readonly connections: number;
  }[];
  readonly state: "running" | "draining";
  readonly paused: Pauses;
  /** How often each bound was met since the start; those that were not are absent. */
  readonly limited: Readonly<Record<string, number>>;
  /** The last faults that the log tells of, the newest last. */
  readonly faults: readonly { readonly at: string; readonly where: string; readonly text: string }[];
  /** When the first of our certificates ends, ISO 8601. */
  readonly certificatesEnd?: string;
}

/** Whether mail may be sent here. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly {
    readonly kind: "starting" | "stopping" | "draining" | "paused" | "listeners" | "store" | "disk-space";
    readonly text: string;
  }[];
}

/** What an operator has stopped; it survives a reload and a restart. */
export interface Pauses {
  /** No mail is taken by SMTP: new clients and the next MAIL of others get 421 4.3.2. */
  readonly receiving: boolean;
  /** No attempt is begun; those under way go on. */
  readonly sending: boolean;
  /** Recipient domains to which no attempt is begun; sorted. */
  readonly destinations: readonly string[];
}

/** What to pause or to resume, the rest stays as it is; an empty one means everything. */
export interface PauseChange {
  readonly receiving?: boolean;
  readonly sending?: boolean;
  readonly destinations?: readonly string[];
}

/** How a drain ended: nothing is due, the time was over, or the process was stopped meanwhile. */
export type Drained = "empty" | "late" | "stopped";

/** What the daemon does for its operator; the control socket serves it, the command line falls back to the store itself. */
export interface Operator {
  status(): Promise<DaemonStatus>;
  list: Store["list"];
  show(id: string): Promise<QueuedMessage | undefined>;
  /** The content as it is queued, in chunks. */
  content(id: string): Promise<{ readonly size: number; readonly content: AsyncIterable<Bytes> } | undefined>;
  /** How many destinations that touches; undefined when the filter names a message that is not there. */
  operate(filter: UnitFilter, operation: Operation): Promise<number | undefined>;
  tallies: Store["tallies"];
  /** Durable when it resolves to what is paused now. */
  pause(change: PauseChange): Promise<Pauses>;
  resume(change: PauseChange): Promise<Pauses>;
  /**
   * From now on takes no mail by SMTP; resolves when nothing that may be sent is due or under way, or at `until`. Whoever
   * asked then stops the process. What waits for a later attempt stays in the queue.
   */
  drain(until?: Instant): Promise<Drained>;
  /** The counts of each process; none where `[metrics]` is off. */
  metrics(): Promise<readonly MetricsSnapshot[]>;
  readiness(): Promise<Readiness>;
  /** Takes a message handed in on this machine; the error is what to tell the sender. */
  submit(message: LocalMessage): Promise<Result<{ readonly id: string }, Status>>;
}

/** Where the socket lies inside the data directory, which protects it by its mode. */
export function controlSocketPath(dataDir: string): string {
  return `${dataDir}/control.sock`;
}
