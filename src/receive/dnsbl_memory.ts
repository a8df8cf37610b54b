import type { Clock, Instant, Millis } from "../base/mod.ts";

/** What was learnt of addresses, for as long as its TTL says, within bounds. */
export interface DnsblMemory<V> {
  get(address: string): V | undefined;
  /** `expires` is undefined where the answer did not say. */
  set(address: string, value: V, expires: Instant | undefined): void;
  readonly size: number;
}

/** The oldest go where there are more than `most`. */
export function dnsblMemory<V>(clock: Clock, most: number = MOST): DnsblMemory<V> {
  const held = new Map<string, { readonly value: V; readonly until: Millis }>();
  return {
    get(address) {
      const known = held.get(address);
      if (known === undefined) return undefined;
      if (known.until > clock.monotonic()) return known.value;
      held.delete(address);
      return undefined;
    },
    set(address, value, expires) {
      const lasts = expires === undefined ? UNTOLD : Math.min(LONGEST, Math.max(SHORTEST, expires - clock.now()));
      held.delete(address);
      held.set(address, { value, until: clock.monotonic() + lasts });
      for (const [oldest] of held) {
        if (held.size <= most) break;
        held.delete(oldest);
      }
    },
    get size() {
      return held.size;
    },
  };
}

const MOST = 10_000;
/** Long enough for one connection and its next attempt. */
const SHORTEST: Millis = 30_000;
const LONGEST: Millis = 3_600_000;
const UNTOLD: Millis = 300_000;
