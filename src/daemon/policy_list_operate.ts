import { systemClock } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import { type HeldList, type ListOctets, type ListSource, loadList, storedStamp, takeList } from "../policy/io/mod.ts";
import { listFolder, listSource } from "./policy_list.ts";
import { dropPrivileges } from "./privileges.ts";

/** A configured list as it is stored; `fault` says why it cannot be used. */
export interface StoredPolicyList {
  readonly source: ListSource;
  readonly held?: HeldList;
  readonly fault?: string;
}

/** All configured lists as they are stored, in the order in which they are asked. */
export async function storedPolicyLists(config: Config): Promise<readonly StoredPolicyList[]> {
  return await Promise.all(
    config.policy_list.map(async (entry) => {
      const source = listSource(entry);
      const loaded = await loadList(listFolder(config), source);
      if (!loaded.ok) return { source, fault: loaded.error };
      return { source, ...(loaded.value === undefined ? {} : { held: loaded.value }) };
    }),
  );
}

export interface ImportedPolicyList {
  readonly held: HeldList;
  /** Absent when there was none that could be used. */
  readonly before?: HeldList;
}

/**
 * Puts a list where a running daemon finds it. Throws an Error for people: it is not good, or older than the one that is
 * there and `force` is not given.
 */
export async function importPolicyList(
  config: Config,
  name: string,
  { force, ...offered }: ListOctets & { readonly force: boolean },
): Promise<ImportedPolicyList> {
  const entry = config.policy_list.find((one) => one.name === name);
  if (entry === undefined) throw new Error(`There is no [[policy_list]] ${name}`);
  // The daemon must be able to read and replace it.
  const dropped = dropPrivileges(config.user);
  if (!dropped.ok) throw new Error(dropped.error);
  const [source, directory] = [listSource(entry), listFolder(config)];
  // Before it is read, so that nothing that comes after goes unseen.
  const stamp = await storedStamp(directory, name);
  const before = await loadList(directory, source);
  // Whether it is older cannot be told of what cannot be read.
  if (!before.ok && !force)
    throw new Error(`The list that is stored cannot be used: ${before.error}; --force replaces it`);
  const present = before.ok ? before.value : undefined;
  const taken = await takeList(offered, {
    directory,
    source,
    force,
    now: systemClock.now(),
    ...(before.ok ? { over: { stamp } } : {}),
    ...(present === undefined ? {} : { present }),
  });
  if (!taken.ok) throw new Error(taken.error);
  return { held: taken.value, ...(present === undefined ? {} : { before: present }) };
}
