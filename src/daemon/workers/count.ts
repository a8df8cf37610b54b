import { availableParallelism } from "node:os";
import type { Config } from "../../config/mod.ts";

/** How many processes do the work: one for each core, up to four, unless the configuration says it. */
export function workerCount({ workers }: Pick<Config, "workers">): number {
  return workers === "auto" ? Math.min(MOST_UNASKED, availableParallelism()) : workers;
}

const MOST_UNASKED = 4;
