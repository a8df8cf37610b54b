import { type Millis, ok, type Result } from "../../base/mod.ts";
import type { HeldList, ListSource } from "./list-held.ts";
import { type ListKeeperOptions, type ListState, loadStored, takeOffered } from "./list-state.ts";
import { listEnded, listNotRenewed } from "./list-tell.ts";

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

interface State extends ListState {
  renewal?: Disposable;
  watch?: Disposable;
  /** The last thing that was begun; one at a time. */
  busy: Promise<void>;
  /** Whether the last attempt to renew the list failed. */
  failed: boolean;
  /** Why the stored list could not be looked at, the last time. */
  trouble?: string | undefined;
}

async function open(state: State): Promise<Result<void, string>> {
  const loaded = await loadStored(state);
  state.opened = true;
  if (!loaded.ok || state.source.from.kind !== "file") return loaded;
  const taken = await takeOffered(state);
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
  const loaded = await loadStored(state);
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
  const taken = await takeOffered(state);
  if (state.stop.signal.aborted) return;
  state.failed = !taken.ok;
  if (!taken.ok) tellNotRenewed(state, taken.error);
  tellEnded(state);
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
