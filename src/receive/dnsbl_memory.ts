import type { Clock, Instant, Millis } from "../base/mod.ts";

/** What was learnt of addresses, for as long as its TTL says, within bounds. */
export interface DnsblMemory<V> {
  get(address: string): V | undefined;
  /** `expires` is undefined where the answer did not say. */
  set(address: string, value: V, expires: Instant | undefined): void;
  readonly size: number;
}

/** At most `most` are remembered: when half as many came after it, one is forgotten early. */
export function dnsblMemory<V>(clock: Clock, most: number = MOST): DnsblMemory<V> {
  let young = new Map<string, Held<V>>();
  let old = new Map<string, Held<V>>();
  return {
    get(address) {
      const known = young.get(address) ?? old.get(address);
      return known !== undefined && known.until > clock.monotonic() ? known.value : undefined;
    },
    set(address, value, expires) {
      if (young.size * 2 >= most) {
        old = young;
        young = new Map();
      }
      const lasts = expires === undefined ? UNTOLD : Math.min(LONGEST, Math.max(SHORTEST, expires - clock.now()));
      old.delete(address);
      young.set(address, { value, until: clock.monotonic() + lasts });
    },
    get size() {
      return young.size + old.size;
    },
  };
}

interface Held<V> {
  readonly value: V;
  readonly until: Millis;
}

const MOST = 10_000;
/** Long enough for one connection and its next attempt. */
const SHORTEST: Millis = 30_000;
const LONGEST: Millis = 3_600_000;
const UNTOLD: Millis = 300_000;
