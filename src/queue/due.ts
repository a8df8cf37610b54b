import type { Instant } from "../base/mod.ts";

/** A ready unit as the index of due times lists it. */
export interface DueEntry {
  readonly due: Instant;
  /** Breaks ties: the smaller key is older. */
  readonly key: number;
  readonly destination: string;
  /** Its last claims ended without a settlement. */
  readonly suspect: boolean;
}

/** Which units a claim may take. */
export interface DueChoice {
  readonly except: ReadonlySet<string>;
  readonly suspects?: "only" | "none";
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
  take(now: Instant, choice: DueChoice): DueEntry | undefined;
  /** The oldest that is not excepted, due or not; it stays in. */
  first(except: ReadonlySet<string>): DueEntry | undefined;
  /** Takes out what `first` returned. */
  drop(entry: DueEntry): void;
  reset(): void;
}

export function createDueCursor(): DueCursor {
  let position = START;
  const lists: Lists = { plain: new Map(), suspect: new Map() };
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
    take(now, choice) {
      const oldest = oldestOf(lists, choice);
      if (oldest === undefined || oldest.due > now) return undefined;
      removeHead(listsFor(lists, oldest), oldest.destination);
      return oldest;
    },
    first: (except) => oldestOf(lists, { except }),
    drop: (entry) => removeHead(listsFor(lists, entry), entry.destination),
    reset() {
      position = START;
      lists.plain.clear();
      lists.suspect.clear();
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

interface Lists {
  readonly plain: Map<string, List>;
  readonly suspect: Map<string, List>;
}

function listsFor(lists: Lists, entry: DueEntry): Map<string, List> {
  return entry.suspect ? lists.suspect : lists.plain;
}

function oldestOf(lists: Lists, { except, suspects }: DueChoice): DueEntry | undefined {
  let oldest: DueEntry | undefined;
  const chosen = [...(suspects === "only" ? [] : [lists.plain]), ...(suspects === "none" ? [] : [lists.suspect])];
  for (const byDestination of chosen) {
    for (const [destination, list] of byDestination) {
      const head = list.entries[list.head];
      if (head === undefined || except.has(destination)) continue;
      if (oldest === undefined || isAfter(oldest, head)) oldest = head;
    }
  }
  return oldest;
}

function insert(all: Lists, entry: DueEntry): void {
  const lists = listsFor(all, entry);
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
