import type { Result } from "../base/mod.ts";
import type { QueuedMessage } from "../queue/mod.ts";
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
  readonly queue: { readonly messages: number; readonly units: number };
}

/** What the daemon does for its operator; the control socket serves it, the command line falls back to the store itself. */
export interface Operator {
  status(): Promise<DaemonStatus>;
  list(limit: number, after?: string): Promise<readonly QueuedMessage[]>;
  show(id: string): Promise<QueuedMessage | undefined>;
  /** Tries a message again now, held or waiting; undefined when there is none, else how many destinations that touches. */
  release(id: string): Promise<number | undefined>;
  /** Takes a message handed in on this machine; the error is what to tell the sender. */
  submit(message: LocalMessage): Promise<Result<{ readonly id: string }, Status>>;
}

/** Where the socket lies inside the data directory, which protects it by its mode. */
export function controlSocketPath(dataDir: string): string {
  return `${dataDir}/control.sock`;
}
