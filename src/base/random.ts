/** The only source of randomness; seeded in tests and in the lab. */
export interface Random {
  /** Unpredictable octets from the system; predictable ones from a seeded source. */
  bytes(count: number): Uint8Array;
  /** A whole number from 0 up to, not including, `bound` (at most 2^32). */
  below(bound: number): number;
}

export const systemRandom: Random = {
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  below(bound) {
    // Rejection keeps every value equally likely.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let word = nextWord();
    while (word >= limit) word = nextWord();
    return word % bound;
  },
};

/** Words are drawn from the system many at a time, for one call costs more than a thousand words; none is used twice. */
const pool = new Uint32Array(1024);
let used: number = pool.length;

function nextWord(): number {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const word = pool[used] ?? 0;
  pool[used++] = 0;
  return word;
}

/** A repeatable source (mulberry32); never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    bytes: (count) => Uint8Array.from({ length: count }, () => next() & 0xff),
    below: (bound) => next() % bound,
  };
}

/** Fisher–Yates; a new array in random order. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const kept = result[last] as T;
    result[last] = result[other] as T;
    result[other] = kept;
  }
  return result;
}
