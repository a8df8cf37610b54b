import type { Millis } from "../../base/mod.ts";

/**
 * A bounded store of values that expire. What was not read for longest goes first. Times are monotonic: a jump of the
 * wall clock neither revives nor kills an entry. Reading and writing cost the same whatever the size.
 */
export interface Cache<V> {
  get(key: string, now: Millis): V | undefined;
  /** Keeps nothing that is over already or larger than the whole store. */
  set(key: string, value: V, life: Life): void;
  delete(key: string): void;
  clear(): void;
  readonly entries: number;
  readonly octets: number;
}

export interface Life {
  readonly now: Millis;
  /** How long the value holds; more than the store's limit is cut. */
  readonly lasts: Millis;
  /** About how much memory the value takes. */
  readonly octets: number;
}

export interface CacheLimits {
  readonly entries: number;
  readonly octets: number;
  readonly longest: Millis;
}

export function createCache<V>(limits: CacheLimits): Cache<V> {
  // A Map keeps the order of insertion: a value that is read moves to the end, so the first one is the least used.
  const held = new Map<string, Held<V>>();
  let octets = 0;

  function drop(key: string, entry: Held<V>): void {
    held.delete(key);
    octets -= entry.octets;
  }

  return {
    get(key, now) {
      const entry = held.get(key);
      if (entry === undefined) return undefined;
      if (entry.until <= now) {
        drop(key, entry);
        return undefined;
      }
      held.delete(key);
      held.set(key, entry);
      return entry.value;
    },
    set(key, value, life) {
      const old = held.get(key);
      if (old !== undefined) drop(key, old);
      const cost = life.octets + key.length * 2 + ENTRY_COST;
      if (!(life.lasts > 0) || cost > limits.octets || limits.entries < 1) return;
      held.set(key, { value, octets: cost, until: life.now + Math.min(life.lasts, limits.longest) });
      octets += cost;
      for (const [oldest, entry] of held) {
        if (held.size <= limits.entries && octets <= limits.octets) break;
        drop(oldest, entry);
      }
    },
    delete(key) {
      const entry = held.get(key);
      if (entry !== undefined) drop(key, entry);
    },
    clear() {
      held.clear();
      octets = 0;
    },
    get entries() {
      return held.size;
    },
    get octets() {
      return octets;
    },
  };
}

interface Held<V> {
  readonly value: V;
  readonly octets: number;
  readonly until: Millis;
}

/** What the map and the objects around a value take, roughly. */
const ENTRY_COST = 200;
