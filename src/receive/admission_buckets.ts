import type { Millis } from "../base/mod.ts";

/** A bucket of tokens for each client, filled once a minute; a client that was never seen has a full one. */
export interface Buckets {
  /** Takes a token, or says no. `perMinute` is both the size of the bucket and what flows in within a minute. */
  take(client: string, perMinute: number, now: Millis): boolean;
  /** Clients remembered. */
  readonly size: number;
}

/**
 * At most `most` clients are remembered: one is forgotten a minute after its last token, when its bucket is full again,
 * or when `most` others came after it.
 */
export function buckets(most: number = MOST_CLIENTS): Buckets {
  /** In the order of their last token. */
  const held = new Map<string, { readonly tokens: number; readonly at: Millis }>();
  const forgetOld = (now: Millis): void => {
    for (const [client, { at }] of held) {
      if (now - at < MINUTE && held.size <= most) return;
      held.delete(client);
    }
  };
  return {
    take(client, perMinute, now) {
      const known = held.get(client);
      const before = known === undefined ? perMinute : known.tokens + ((now - known.at) * perMinute) / MINUTE;
      const tokens = Math.min(perMinute, before) - 1;
      if (tokens < 0) return false;
      held.delete(client);
      held.set(client, { tokens, at: now });
      forgetOld(now);
      return true;
    },
    get size() {
      return held.size;
    },
  };
}

const MINUTE: Millis = 60_000;
/** About 10 MB. */
const MOST_CLIENTS = 50_000;
