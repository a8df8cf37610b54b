import type { Clock, Instant } from "../../base/mod.ts";
import { createCache } from "./cache.ts";

/** A bounded store for values that end at an instant of the wall clock, as signatures and TTLs do. */
export interface ExpiringStore<V> {
  get(key: string): V | undefined;
  set(key: string, value: V, expires: Instant): void;
  clear(): void;
  readonly entries: number;
}

export interface ExpiringOptions<V> {
  readonly clock: Clock;
  readonly entries: number;
  readonly octets: number;
  /** About how much memory a value takes. */
  readonly sizeOf: (value: V) => number;
}

/**
 * A value goes at its end by either clock: when the wall clock has reached `expires`, and when as much time has passed
 * as was left at the start, whatever the wall clock says.
 */
export function createExpiringStore<V>(options: ExpiringOptions<V>): ExpiringStore<V> {
  const { clock, sizeOf } = options;
  const cache = createCache<{ readonly value: V; readonly expires: Instant }>({ ...options, longest: Infinity });
  return {
    get(key) {
      const held = cache.get(key, clock.monotonic());
      if (held === undefined) return undefined;
      if (held.expires > clock.now()) return held.value;
      cache.delete(key);
      return undefined;
    },
    set(key, value, expires) {
      const lasts = expires - clock.now();
      cache.set(key, { value, expires }, { now: clock.monotonic(), lasts, octets: sizeOf(value) });
    },
    clear: () => cache.clear(),
    get entries() {
      return cache.entries;
    },
  };
}
