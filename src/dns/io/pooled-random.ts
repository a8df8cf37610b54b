import type { Random } from "../../base/mod.ts";

/** The same source, drawn from in larger pieces: one call to the system serves hundreds of query ids. */
export function pooledRandom(source: Random): Random {
  let pool: Uint8Array = new Uint8Array();
  let at = 0;

  function take(count: number): Uint8Array {
    if (count > POOL_OCTETS / 4) return source.bytes(count);
    if (at + count > pool.length) {
      pool = source.bytes(POOL_OCTETS);
      at = 0;
    }
    at += count;
    return pool.slice(at - count, at);
  }

  return {
    bytes: take,
    below(bound) {
      const [high = 0, low = 0] = bound === ID_BOUND ? take(2) : [];
      return bound === ID_BOUND ? (high << 8) | low : source.below(bound);
    },
  };
}

const POOL_OCTETS = 2048;
/** Query ids: every value of two octets is equally likely, so nothing need be rejected. */
const ID_BOUND = 0x10000;
