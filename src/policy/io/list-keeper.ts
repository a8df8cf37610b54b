/**
 * The policy lists in force: read from disk, renewed from where they come from, and picked up when `hopseal policy list
 * import` has put a new one there. A list that cannot be renewed stays in force, and so does one that has ended: whoever
 * keeps updates away must gain nothing. Both are told, once at every attempt to renew it.
 */
import type { Domain } from "../../mail/mod.ts";
import { findInLists, type NamedList } from "../sources/list-find.ts";
import type { ListFacts } from "../types.ts";
import type { HeldList, ListSource } from "./list-held.ts";
import { keepList, type ListKeeper } from "./list-keep.ts";
import type { ListKeeperOptions } from "./list-state.ts";
import { removeUnfinished } from "./list-store.ts";

/** One configured list, and what is in force of it. */
export interface ListView {
  readonly source: ListSource;
  readonly held: HeldList | undefined;
}

export interface PolicyLists extends AsyncDisposable {
  /** What the first list that names the domain says of it. */
  find(domain: Domain): ListFacts;
  /** In the order in which they are asked. */
  views(): readonly ListView[];
  /** Looks at once for lists that were imported, and for files that changed. */
  reload(): Promise<void>;
  /** Renews all lists now. The keeper does so by itself, too. */
  renew(): Promise<void>;
}

/**
 * Opens all lists, in the order in which they are asked. Throws an Error for people when a stored list cannot be used, or
 * a configured file while nothing is stored: mail must not go out as if there were no list. Where nothing may be stored,
 * that is only told.
 */
export async function openPolicyLists(
  sources: readonly ListSource[],
  options: ListKeeperOptions,
): Promise<PolicyLists> {
  await using undo = new AsyncDisposableStack();
  if (options.readOnly !== true) await removeUnfinished(options.directory, options.clock.now());
  const lists: (ListKeeper | ListView)[] = [];
  const keepers: ListKeeper[] = [];
  for (const source of sources) {
    const kept = await keepList(source, options);
    if (kept.ok) {
      keepers.push(undo.use(kept.value));
      lists.push(kept.value);
      continue;
    }
    const text = `The policy list ${source.name} cannot be used: ${kept.error}`;
    if (options.readOnly !== true) throw new Error(text);
    options.onFault(text);
    lists.push({ source, held: undefined });
  }
  const all = undo.move();
  return {
    find: (domain) => findInLists(lists.flatMap(named), domain),
    views: () => lists.map(({ source, held }) => ({ source, held })),
    reload: async () => void (await Promise.all(keepers.map(async (keeper) => await keeper.reload()))),
    renew: async () => void (await Promise.all(keepers.map(async (keeper) => await keeper.renew()))),
    [Symbol.asyncDispose]: async () => await all.disposeAsync(),
  };
}

function named({ source, held }: ListView): readonly NamedList[] {
  return held === undefined ? [] : [{ name: source.name, audited: source.mode === "audit", list: held.list }];
}
