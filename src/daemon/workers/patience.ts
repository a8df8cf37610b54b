import type { Millis } from "../../base/mod.ts";

/**
 * How long a start waits for a shard that another process has open: longer than a worker that has lost its parent needs
 * to drain.
 */
export const PATIENCE: Millis = 120_000;
