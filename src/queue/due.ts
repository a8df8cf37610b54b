import type { Instant } from "../base/mod.ts";

/** A ready unit as the index of due times lists it. */
export interface DueEntry {
  readonly due: Instant;
  /** Breaks ties: the smaller key is older. */
  readonly key: number;
  readonly destination: string;
}

/**
 * Remembers the ready units that claims passed over because their destination was busy, so that no claim walks past the
 * same backlog twice. Everything not after `position` in the index of ready units is in here (or stale, which whoever
 * takes an entry must check); everything after it is found by scanning on. It is a cache: `reset` is always safe.
 */
export interface DueCursor {
  readonly position: Pick<DueEntry, "due" | "key">;
  /** The next entry of the index, in order; moves the position. */
  pass(entry: DueEntry): void;
  /** A unit became ready; kept when it lies behind the position. */
  note(entry: DueEntry): void;
  /** Takes out the oldest that is due and not excepted. */
  take(now: Instant, except: ReadonlySet<string>): DueEntry | undefined;
  reset(): void;
}

export function createDueCursor(): DueCursor {
  let position = START;
  const lists = new Map<string, List>();
  return {
    get position() {
      return position;
    },
    pass(entry) {
      position = entry;
      insert(lists, entry);
    },
    note(entry) {
      if (!isAfter(entry, position)) insert(lists, entry);
    },
    take(now, except) {
      let oldest: DueEntry | undefined;
      for (const [destination, list] of lists) {
        const head = list.entries[list.head];
        if (head === undefined || head.due > now || except.has(destination)) continue;
        if (oldest === undefined || isAfter(oldest, head)) oldest = head;
      }
      if (oldest !== undefined) removeHead(lists, oldest.destination);
      return oldest;
    },
    reset() {
      position = START;
      lists.clear();
    },
  };
}

/** Whether `left` comes after `right` in order of due time. */
export function isAfter(left: Pick<DueEntry, "due" | "key">, right: Pick<DueEntry, "due" | "key">): boolean {
  return left.due > right.due || (left.due === right.due && left.key > right.key);
}

/** Sorted; what stands before `head` is taken already. */
interface List {
  readonly entries: DueEntry[];
  head: number;
}

function insert(lists: Map<string, List>, entry: DueEntry): void {
  const list = lists.get(entry.destination);
  if (list === undefined) {
    lists.set(entry.destination, { entries: [entry], head: 0 });
    return;
  }
  const { entries } = list;
  let low = list.head;
  let high = entries.length;
  const last = entries[high - 1];
  if (last === undefined || isAfter(entry, last)) low = high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isAfter(entry, entries[middle] ?? entry)) low = middle + 1;
    else high = middle;
  }
  entries.splice(low, 0, entry);
}

function removeHead(lists: Map<string, List>, destination: string): void {
  const list = lists.get(destination);
  if (list === undefined) return;
  list.head++;
  if (list.head === list.entries.length) lists.delete(destination);
  else if (list.head >= COMPACT_AT && list.head * 2 >= list.entries.length) {
    list.entries.splice(0, list.head);
    list.head = 0;
  }
}

const START = { due: Number.NEGATIVE_INFINITY, key: 0 };
const COMPACT_AT = 1024;
