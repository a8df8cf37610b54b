import type { Bytes, Result } from "../base/mod.ts";
import type { PolicyServiceCounts } from "./policy_service.ts";
import type { Operation, QueuedMessage, Store, UnitFilter } from "../queue/mod.ts";
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
  readonly queue: { readonly messages: number; readonly units: number };
}

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
  /** Takes a message handed in on this machine; the error is what to tell the sender. */
  submit(message: LocalMessage): Promise<Result<{ readonly id: string }, Status>>;
}

/** Where the socket lies inside the data directory, which protects it by its mode. */
export function controlSocketPath(dataDir: string): string {
  return `${dataDir}/control.sock`;
}
