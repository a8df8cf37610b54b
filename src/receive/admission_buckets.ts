import type { Millis } from "../base/mod.ts";

/** A bucket of tokens for each client, filled once a minute; a client that was never seen has a full one. */
export interface Buckets {
  /** Takes a token, or says no. `perMinute` is both the size of the bucket and what flows in within a minute. */
  take(client: string, perMinute: number, now: Millis): boolean;
  /** Clients remembered. */
  readonly size: number;
}

interface Level {
  readonly tokens: number;
  readonly at: Millis;
}

/**
 * At most `most` clients are remembered: one is forgotten when its bucket is full again, or when half as many others came
 * after it. Two generations do that in a time that does not grow with their number.
 */
export function buckets(most: number = MOST_CLIENTS): Buckets {
  let young = new Map<string, Level>();
  let old = new Map<string, Level>();
  let since = -Infinity;
  return {
    take(client, perMinute, now) {
      if (now - since >= MINUTE || young.size * 2 >= most) {
        old = young;
        young = new Map();
        since = now;
      }
      const known = young.get(client) ?? old.get(client);
      const before = known === undefined ? perMinute : known.tokens + ((now - known.at) * perMinute) / MINUTE;
      const tokens = Math.min(perMinute, before) - 1;
      if (tokens < 0) return false;
      old.delete(client);
      young.set(client, { tokens, at: now });
      return true;
    },
    get size() {
      return young.size + old.size;
    },
  };
}

const MINUTE: Millis = 60_000;
/** About 10 MB. */
const MOST_CLIENTS = 50_000;
