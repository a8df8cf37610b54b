import type { TallyEntry } from "../port.ts";

/** Counts kept in memory. */
export interface Tally {
  add(entry: TallyEntry): void;
  all(day?: string): (TallyEntry & { readonly count: number })[];
  /** Forgets the days before `day`. */
  forget(day: string): void;
}

export function createTally(): Tally {
  const days = new Map<string, Map<string, number>>();
  return {
    add({ day, key }) {
      const counts = days.get(day) ?? new Map<string, number>();
      counts.set(key, (counts.get(key) ?? 0) + 1);
      days.set(day, counts);
    },
    all(only) {
      const rows: (TallyEntry & { readonly count: number })[] = [];
      for (const day of [...days.keys()].sort(byOctets)) {
        if (only !== undefined && only !== day) continue;
        const counts = [...(days.get(day) ?? [])].sort(([left], [right]) => byOctets(left, right));
        for (const [key, count] of counts) rows.push({ day, key, count });
      }
      return rows;
    },
    forget(before) {
      for (const day of days.keys()) if (byOctets(day, before) < 0) days.delete(day);
    },
  };
}

function byOctets(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
