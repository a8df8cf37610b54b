import { type Clock, err, ok, type Random, type Result } from "../../base/mod.ts";
import { type HeldList, type ListSource, loadList, takeList } from "./list-held.ts";
import { type ListFetch, offeredList } from "./list-offer.ts";
import { storedStamp } from "./list-store.ts";
import { tellReplaced } from "./list-tell.ts";

export interface ListKeeperOptions {
  /** Where lists are stored, one file each. */
  readonly directory: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: ListFetch;
  /** Told what is wrong with a list. */
  readonly onFault: (text: string) => void;
  /** Asks no host and stores nothing; for those who look while a daemon runs. */
  readonly readOnly?: boolean;
}

/** One list, as far as it is known. */
export interface ListState {
  readonly source: ListSource;
  readonly options: ListKeeperOptions;
  readonly stop: AbortController;
  held?: HeldList;
  /** Of the stored file, when it was read. */
  stamp?: string | undefined;
  /** What was stored before is no news. */
  opened: boolean;
}

/** Takes over what is stored, when that has changed. */
export async function loadStored(state: ListState): Promise<Result<void, string>> {
  const { source, options } = state;
  const stamp = await stampOf(state);
  if (!stamp.ok || stamp.value === state.stamp) return stamp.ok ? ok(undefined) : stamp;
  const loaded = await loadList(options.directory, source);
  // What cannot be used is told once, until it changes again.
  state.stamp = stamp.value;
  if (!loaded.ok) return loaded;
  // A list in force is not given up because its file has gone.
  if (loaded.value !== undefined) hold(state, loaded.value);
  return ok(undefined);
}

/** Asks where the list comes from, and takes what is new there. */
export async function takeOffered(state: ListState): Promise<Result<void, string>> {
  const { source, options, stop } = state;
  const known = await loadStored(state);
  if (!known.ok) return known;
  const present = state.held === undefined ? {} : { held: state.held };
  const offered = await offeredList(source, { fetch: options.fetch, signal: stop.signal, ...present });
  if (!offered.ok || offered.value === undefined) return offered.ok ? ok(undefined) : offered;
  // A fetch takes its time: somebody may have imported a newer one meanwhile.
  const loaded = await loadStored(state);
  if (!loaded.ok) return loaded;
  const taken = await takeList(offered.value, {
    directory: options.directory,
    source,
    now: options.clock.now(),
    over: { stamp: state.stamp },
    readOnly: options.readOnly ?? false,
    ...(state.held === undefined ? {} : { present: state.held }),
  });
  if (!taken.ok) return taken;
  if (taken.value === state.held || options.readOnly === true) {
    state.held = taken.value;
    return ok(undefined);
  }
  // Of what was written, not of what lies there now: that may be an import already.
  state.stamp = taken.value.stamp;
  hold(state, taken.value);
  return ok(undefined);
}

function hold(state: ListState, next: HeldList): void {
  const { source, options, held, opened } = state;
  state.held = next;
  if (opened && options.readOnly !== true) tellReplaced(source.name, held, next);
}

async function stampOf({ source, options }: ListState): Promise<Result<string | undefined, string>> {
  try {
    return ok(await storedStamp(options.directory, source.name));
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}
