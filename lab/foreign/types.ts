import type { LabMessage } from "../run/message.ts";
import type { PolicyId } from "../types.ts";
import type { Cell } from "../world/cell.ts";

export const FOREIGN = ["postfix", "exim"] as const;
export type ForeignName = (typeof FOREIGN)[number];

/** A mail program that is not ours, set up to demand of each cell what its column says. */
export interface Mta extends AsyncDisposable {
  /** e.g. "Postfix 3.7.11". */
  readonly version: string;
  /** Takes a message; it is queued when this resolves. */
  take(message: LabMessage): Promise<void>;
  /** Tries all that waits once more. */
  again(): Promise<void>;
  /** Everything that it logged so far. */
  log(): Promise<string>;
}

/** What the log of a program says of one message. */
export interface Fate {
  readonly state: "delivered" | "deferred" | "failed";
  /** Of the host that took it, by the program's own word. */
  readonly authenticated: boolean;
  /** In its own words. */
  readonly reason: string;
  /** Attempts so far. */
  readonly attempts: number;
}

/** All that is particular to one program. */
export interface Driver {
  readonly programs: readonly string[];
  /** Columns that it has any means for, with what stands in for them. */
  readonly policies: readonly PolicyId[];
  /** How it is set up, in one line for the report. */
  readonly configuration: string;
  start(setup: Setup): Promise<Mta>;
  /** Undefined while it has not tried. */
  fateOf(log: string, cell: Cell, message: LabMessage): Fate | undefined;
}

export interface Setup {
  readonly cells: readonly Cell[];
  /** PEM of the CA to trust. */
  readonly roots: string;
  readonly hostname: string;
}
