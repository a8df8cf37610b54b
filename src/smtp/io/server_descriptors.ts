import { readdirSync, readFileSync } from "node:fs";
import type { Clock, Millis } from "../../base/mod.ts";
import { publish } from "../../observe/mod.ts";

/** Knows when file descriptors run out, before they have: the queue and deliveries need some too. */
export interface Descriptors {
  /** Asked for each new connection: whether it must be turned away for want of descriptors. */
  short(): boolean;
}

export interface DescriptorCounts {
  /** How many this process may have open; undefined where that cannot be told. */
  readonly limit: number | undefined;
  /** How many it has open now; undefined when even that takes more than there are. */
  open(): number | undefined;
}

/**
 * Keeps a reserve of an eighth, at least 16 and at most 256. Once short it stays so until half as many more are free. Counts
 * so seldom that a flood costs little, and tells of each shortage once.
 */
export function descriptors(clock: Clock, counts: DescriptorCounts = ofThisProcess()): Descriptors {
  const { limit } = counts;
  if (limit === undefined) return { short: () => false };
  const reserve = Math.min(MOST_RESERVE, Math.max(LEAST_RESERVE, limit >> 3));
  const most = limit - reserve;
  // A count takes longer the more there are.
  const pause: Millis = Math.min(LONGEST_PAUSE, limit / 40);
  let counted = -Infinity;
  let estimate = 0;
  let short = false;

  const count = (now: Millis): void => {
    counted = now;
    const open = counts.open();
    estimate = open ?? limit;
    const before = short;
    short = estimate >= (before ? most - reserve / 2 : most);
    if (!short || before) return;
    const text = `${open ?? "All"} of ${limit} file descriptors are in use; new connections get 421 until some are free`;
    publish("hopseal:fault", { where: "smtp listener", text });
  };
  return {
    short() {
      const now = clock.monotonic();
      // Every connection let in since takes one; what was closed shows at the next count.
      estimate++;
      const since = now - counted;
      if (since >= FRESH || (since >= pause && estimate >= most)) count(now);
      return short || estimate >= most;
    },
  };
}

/** Linux tells both; elsewhere nothing is known. */
function ofThisProcess(): DescriptorCounts {
  return {
    limit: limitOf(),
    open() {
      try {
        // One is that of the folder itself.
        return readdirSync("/proc/self/fd").length - 1;
      } catch {
        return undefined;
      }
    },
  };
}

function limitOf(): number | undefined {
  try {
    const found = LIMIT.exec(readFileSync("/proc/self/limits", "latin1"));
    return found === null ? undefined : Number(found[1]);
  } catch {
    return undefined;
  }
}

const LIMIT = /^Max open files {1,40}(\d{1,10}) /m;
const LEAST_RESERVE = 16;
const MOST_RESERVE = 256;
const LONGEST_PAUSE: Millis = 250;
/** What others take, such as deliveries, shows after so long at the latest. */
const FRESH: Millis = 1000;
