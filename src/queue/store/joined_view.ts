import { type QueuedMessage, type Store, StoreError, type TallyEntry } from "../port.ts";

/** What may be asked of a queue without changing it. */
export type QueueView = Pick<Store, "list" | "show" | "count" | "tallies">;

/** Several queues as one; `views` says which there are at the moment. */
export function joinedView(views: () => readonly QueueView[]): QueueView {
  return {
    async list(query = {}) {
      const { limit = DEFAULT_PAGE } = query;
      const pages = await Promise.all(views().map((view) => pageOf(view, { ...query, limit })));
      return merged(pages, limit);
    },
    async show(id) {
      const found = await Promise.all(views().map((view) => view.show(id)));
      return found.find((message) => message !== undefined);
    },
    async count() {
      const counts = await Promise.all(views().map((view) => view.count()));
      const sum = (of: (count: Awaited<ReturnType<Store["count"]>>) => number): number =>
        counts.reduce((total, count) => total + of(count), 0);
      return { messages: sum(({ messages }) => messages), units: sum(({ units }) => units) };
    },
    async tallies(day) {
      return summed((await Promise.all(views().map((view) => view.tallies(day)))).flat());
    },
  };
}

interface Page {
  readonly messages: readonly QueuedMessage[];
  /** Names a message whose row is damaged, in place of messages. */
  readonly damage?: StoreError & { readonly id: string };
}

async function pageOf(view: QueueView, query: Parameters<QueueView["list"]>[0]): Promise<Page> {
  try {
    return { messages: await view.list(query) };
  } catch (error) {
    if (error instanceof StoreError && error.id !== undefined)
      return { messages: [], damage: error as StoreError & { id: string } };
    throw error;
  }
}

/** A damaged row is told of in its turn where one message is asked for, and at once otherwise, as one store does it. */
function merged(pages: readonly Page[], limit: number): readonly QueuedMessage[] {
  const all = pages.flatMap(({ messages }) => messages).sort((left, right) => (left.id < right.id ? -1 : 1));
  const damages = pages.flatMap(({ damage }) => (damage === undefined ? [] : [damage]));
  const [first] = damages.sort((left, right) => (left.id < right.id ? -1 : 1));
  const [oldest] = all;
  if (first !== undefined && (limit > 1 || oldest === undefined || first.id < oldest.id)) throw first;
  return all.slice(0, limit);
}

function summed(
  entries: readonly (TallyEntry & { readonly count: number })[],
): readonly (TallyEntry & { readonly count: number })[] {
  const sums = new Map<string, TallyEntry & { readonly count: number }>();
  for (const { day, key, count } of entries) {
    const name = `${day} ${key}`;
    sums.set(name, { day, key, count: count + (sums.get(name)?.count ?? 0) });
  }
  return [...sums.values()].sort((left, right) => order(left.day, right.day) || order(left.key, right.key));
}

/** As UTF-8, which is how the stores sort. */
function order(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

const DEFAULT_PAGE = 100;
