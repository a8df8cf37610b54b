import type { Millis } from "../../base/mod.ts";

/**
 * How long a start waits for a shard that another process has open: nearly always longer than a worker that has lost its
 * parent needs to drain. A start that fails for one that takes longer is made again by whoever looks after the daemon.
 */
export const PATIENCE: Millis = 30_000;
