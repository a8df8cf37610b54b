import type { Millis } from "../base/mod.ts";
import type { Admission } from "../smtp/server/mod.ts";
import type { ReadText } from "../tls/io/mod.ts";

/** What a process does of a daemon: all of it, or what its parent does not do for it. */
export interface Place {
  /** Its shard takes what it accepts. */
  readonly number: number;
  /** How many share the work and its limits. */
  readonly workers: number;
  /** How long to wait for a shard that another process has open. */
  readonly patience: Millis;
  /** Absent where it does everything itself. */
  readonly parent?: {
    /** Certificates and keys, which may be out of reach here. */
    readonly readText: ReadText;
    /** Counts over all workers. */
    readonly admission: Admission;
  };
}

export const ALONE: Place = { number: 0, workers: 1, patience: 0 };

/** This worker's share of a limit; each has one at least, whatever that comes to. */
export function shareOf(limit: number, { number, workers }: Pick<Place, "number" | "workers">): number {
  return Math.max(1, Math.floor(limit / workers) + (number < limit % workers ? 1 : 0));
}
