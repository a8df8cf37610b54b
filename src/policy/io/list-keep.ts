import { type Clock, err, type Millis, ok, type Random, type Result } from "../../base/mod.ts";
import { type HeldList, type ListSource, loadList, takeList } from "./list-held.ts";
import { type ListFetch, offeredList } from "./list-offer.ts";
import { storedStamp } from "./list-store.ts";
import { listEnded, listNotRenewed, tellReplaced } from "./list-tell.ts";

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

/** One list in force, or none yet. */
export interface ListKeeper extends AsyncDisposable {
  readonly source: ListSource;
  readonly held: HeldList | undefined;
  /** Looks at once for an imported list or a changed file. */
  reload(): Promise<void>;
  /** Asks now where the list comes from. */
  renew(): Promise<void>;
}

/** Reads what is stored, and begins to renew it; the error says why there is no list in force. */
export async function keepList(source: ListSource, options: ListKeeperOptions): Promise<Result<ListKeeper, string>> {
  const state: State = {
    source,
    options,
    stop: new AbortController(),
    busy: Promise.resolve(),
    failed: false,
    opened: false,
  };
  const opened = await open(state);
  if (!opened.ok) return opened;
  if (options.readOnly !== true) begin(state);
  return ok({
    source,
    get held() {
      return state.held;
    },
    reload: async () => await inTurn(state, reload),
    renew: async () => await inTurn(state, renew),
    async [Symbol.asyncDispose]() {
      state.stop.abort(new Error("Shutting down"));
      state.renewal?.[Symbol.dispose]();
      state.watch?.[Symbol.dispose]();
      await state.busy;
    },
  });
}

interface State {
  readonly source: ListSource;
  readonly options: ListKeeperOptions;
  readonly stop: AbortController;
  held?: HeldList;
  /** Of the stored file, when it was read. */
  stamp?: string | undefined;
  renewal?: Disposable;
  watch?: Disposable;
  /** The last thing that was begun; one at a time. */
  busy: Promise<void>;
  /** Whether the last attempt to renew the list failed. */
  failed: boolean;
  /** Why the stored list could not be looked at, the last time. */
  trouble?: string | undefined;
  /** What was stored before is no news. */
  opened: boolean;
}

async function open(state: State): Promise<Result<void, string>> {
  const loaded = await load(state);
  state.opened = true;
  if (!loaded.ok || state.source.from.kind !== "file") return loaded;
  const taken = await take(state);
  if (taken.ok || state.held === undefined) return taken;
  tellNotRenewed(state, taken.error);
  return ok(undefined);
}

function begin(state: State): void {
  const { source, options, held } = state;
  watch(state);
  tellEnded(state);
  if (source.from.kind !== "url") schedule(state, source.refresh);
  // What a restart brings is looked at soon, and not by all at once.
  else schedule(state, held === undefined ? 0 : options.random.below(jitter(source)));
}

function schedule(state: State, delay: Millis): void {
  const { source, options, stop } = state;
  state.renewal = options.clock.after(delay, () => {
    void inTurn(state, renew).finally(() => {
      if (stop.signal.aborted) return;
      const pause = state.failed ? Math.min(source.refresh, AFTER_FAILURE) : source.refresh;
      schedule(state, pause + options.random.below(jitter(source)));
    });
  });
}

/** An import is seen soon, and without a signal. */
function watch(state: State): void {
  state.watch = state.options.clock.after(LOOK_EVERY, () => {
    void inTurn(state, look).finally(() => {
      if (!state.stop.signal.aborted) watch(state);
    });
  });
}

/** Nothing that is done here rejects: what goes wrong is told. */
async function inTurn(state: State, work: (state: State) => Promise<void>): Promise<void> {
  const mine = state.busy.then(async () => {
    if (!state.stop.signal.aborted) await work(state);
  });
  state.busy = mine;
  await mine;
}

async function look(state: State): Promise<void> {
  const loaded = await load(state);
  const trouble = loaded.ok ? undefined : loaded.error;
  // What stays in the way is told once.
  if (trouble !== undefined && trouble !== state.trouble) tellNotRenewed(state, trouble);
  state.trouble = trouble;
}

async function reload(state: State): Promise<void> {
  if (state.source.from.kind === "file") await renew(state);
  else await look(state);
}

async function renew(state: State): Promise<void> {
  const taken = await take(state);
  if (state.stop.signal.aborted) return;
  state.failed = !taken.ok;
  if (!taken.ok) tellNotRenewed(state, taken.error);
  tellEnded(state);
}

/** Takes over what is stored, when that has changed. */
async function load(state: State): Promise<Result<void, string>> {
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
async function take(state: State): Promise<Result<void, string>> {
  const { source, options, stop } = state;
  const known = await load(state);
  if (!known.ok) return known;
  const present = state.held === undefined ? {} : { held: state.held };
  const offered = await offeredList(source, { fetch: options.fetch, signal: stop.signal, ...present });
  if (!offered.ok || offered.value === undefined) return offered.ok ? ok(undefined) : offered;
  // A fetch takes its time: somebody may have imported a newer one meanwhile.
  const loaded = await load(state);
  if (!loaded.ok) return loaded;
  const taken = await takeList(offered.value, {
    directory: options.directory,
    source,
    now: options.clock.now(),
    readOnly: options.readOnly ?? false,
    ...(state.held === undefined ? {} : { present: state.held }),
  });
  if (!taken.ok) return taken;
  if (taken.value === state.held || options.readOnly === true) {
    state.held = taken.value;
    return ok(undefined);
  }
  hold(state, taken.value);
  const stamp = await stampOf(state);
  if (stamp.ok) state.stamp = stamp.value;
  return ok(undefined);
}

function hold(state: State, next: HeldList): void {
  const { source, options, held, opened } = state;
  state.held = next;
  if (opened && options.readOnly !== true) tellReplaced(source.name, held, next);
}

async function stampOf({ source, options }: State): Promise<Result<string | undefined, string>> {
  try {
    return ok(await storedStamp(options.directory, source.name));
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}

function tellNotRenewed({ source, options, held }: State, why: string): void {
  options.onFault(listNotRenewed(source.name, why, held));
}

function tellEnded({ source, options, held }: State): void {
  const text = listEnded(source.name, held, options.clock.now());
  if (text !== undefined) options.onFault(text);
}

/** An hour at most (STARTTLS Everywhere, USAGE). */
function jitter({ refresh }: ListSource): Millis {
  return Math.max(1, Math.min(3_600_000, Math.floor(refresh / 12)));
}

const LOOK_EVERY: Millis = 30_000;
/** What failed is tried again earlier. */
const AFTER_FAILURE: Millis = 3_600_000;
