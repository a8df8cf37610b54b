import type { Clock, Millis } from "../base/mod.ts";

/** A value, and for how long it may be given out. */
export interface Fresh<T> {
  readonly value: T;
  readonly keep: Millis;
}

export interface FreshCacheOptions<T> {
  readonly clock: Pick<Clock, "monotonic">;
  /** Values that are kept; beyond it, those go that were not asked for the longest. */
  readonly most: number;
  readonly find: (key: string) => Promise<Fresh<T>>;
}

/** Remembers what `find` says for as long as it may; those who ask meanwhile share one search. */
export interface FreshCache<T> {
  /** At once where it is known. */
  get(key: string): T | Promise<T>;
  /** What is under way is given to those who wait for it, and not kept. */
  forget(): void;
  /** Searches under way. */
  readonly searching: number;
}

export function freshCache<T>({ clock, most, find }: FreshCacheOptions<T>): FreshCache<T> {
  const kept = new Map<string, { readonly value: T; readonly until: Millis }>();
  let searches = new Map<string, Promise<T>>();
  const search = async (key: string, place: Map<string, Promise<T>>): Promise<T> => {
    try {
      const { value, keep } = await find(key);
      if (keep > 0 && place === searches) remember(key, value, keep);
      return value;
    } finally {
      place.delete(key);
    }
  };
  const remember = (key: string, value: T, keep: Millis): void => {
    kept.delete(key);
    kept.set(key, { value, until: clock.monotonic() + keep });
    const [oldest] = kept.size > most ? kept.keys() : [];
    if (oldest !== undefined) kept.delete(oldest);
  };
  return {
    get(key) {
      const known = kept.get(key);
      if (known !== undefined) {
        kept.delete(key);
        if (clock.monotonic() < known.until) {
          kept.set(key, known);
          return known.value;
        }
      }
      const under = searches.get(key);
      if (under !== undefined) return under;
      const mine = search(key, searches);
      searches.set(key, mine);
      return mine;
    },
    forget() {
      kept.clear();
      searches = new Map();
    },
    get searching() {
      return searches.size;
    },
  };
}
