/**
 * What is known of MTA-STS policies: in memory, on disk, and where neither will do from the network. Discoveries of one
 * domain are shared by all who wait. A delivery waits a moment at most; the fetch that it began goes on without it. Stored
 * policies are looked at again daily whatever their TXT record says, for whoever cuts that off wants them to run out
 * (RFC 8461 §10.2). Only policies outlive a restart: a failure is no reason to look away for longer than minutes.
 */
import { type Clock, type Millis, type Random, sleep } from "../../base/mod.ts";
import type { Resolver } from "../../dns/mod.ts";
import type { Domain } from "../../mail/mod.ts";
import { livePolicy, stsDiscovery, type StsFound, type StsOptions } from "../sources/sts.ts";
import type { StsFacts } from "../types.ts";
import { answerSts, type StsFetch } from "./sts-drive.ts";
import { type StsMemories, stsMemories } from "./sts-memory.ts";
import type { StsStore } from "./sts-store.ts";
import { tell } from "./sts-tell.ts";

export interface StsCacheOptions {
  readonly resolver: Resolver;
  readonly fetch: StsFetch;
  readonly store: StsStore;
  readonly clock: Clock;
  readonly random: Random;
}

export interface StsCache extends AsyncDisposable {
  /** Rejects only for the caller's abort. */
  find(domain: Domain, options?: { readonly signal?: AbortSignal; readonly refetch?: boolean }): Promise<StsFacts>;
  /** What is stored and holds, without asking anybody. */
  stored(domain: Domain): StsFacts | undefined;
  /** Renews every policy that is due; resolves when that is done. The cache does so by itself, too. */
  refresh(): Promise<void>;
}

/** Starts a cache with its refreshing; disposing it ends both. */
export function startStsCache(options: StsCacheOptions): StsCache {
  const { clock, random } = options;
  const memories = stsMemories(options.store, random, clock);
  const state: State = { options, memories, running: new Map(), fetching: new Set(), stop: new AbortController() };
  let next: Disposable | undefined;
  let refreshing: Promise<void> = Promise.resolve();
  const refresh = async (): Promise<void> => {
    refreshing = refreshAll(state);
    await refreshing;
  };
  const schedule = (): void => {
    next = clock.after(LOOK_EVERY + random.below(LOOK_EVERY / 2), () => {
      // What went wrong was reported where it did; the next look comes all the same.
      void refresh().finally(() => {
        if (!state.stop.signal.aborted) schedule();
      });
    });
  };
  schedule();
  return {
    async find(domain, { signal, refetch = false } = {}) {
      signal?.throwIfAborted();
      const why = refetch ? "before-failure" : "delivery";
      const found = discover(state, domain, why);
      return await waitFor(state, domain, { found, why, ...(signal === undefined ? {} : { signal }) });
    },
    stored: (domain) => storedFacts(state, domain),
    refresh,
    async [Symbol.asyncDispose]() {
      next?.[Symbol.dispose]();
      state.stop.abort(new Error("Shutting down"));
      await Promise.all([refreshing, ...state.running.values()]);
    },
  };
}

interface State {
  readonly options: StsCacheOptions;
  readonly memories: StsMemories;
  readonly running: Map<string, Promise<StsFound>>;
  /** Those of them whose policy host is asked. */
  readonly fetching: Set<string>;
  readonly stop: AbortController;
}

type Why = NonNullable<StsOptions["why"]>;

function keyOf(domain: Domain, why: Why): string {
  return `${why} ${domain}`;
}

/** Joins the discovery of this kind that is under way, or begins one. Never rejects. */
function discover(state: State, domain: Domain, why: Why): Promise<StsFound> {
  const key = keyOf(domain, why);
  const known = state.running.get(key);
  if (known !== undefined) return known;
  const mine = discoverNow(state, domain, why).finally(() => state.running.delete(key));
  state.running.set(key, mine);
  return mine;
}

async function discoverNow(state: State, domain: Domain, why: Why): Promise<StsFound> {
  const { clock, resolver } = state.options;
  const key = keyOf(domain, why);
  const now = clock.now();
  const before = state.memories.of(domain);
  const found = await answerSts(stsDiscovery(domain, { now, stored: before, why }), {
    resolver,
    fetch(host, signal) {
      state.fetching.add(key);
      return state.options.fetch(host, signal).finally(() => state.fetching.delete(key));
    },
    signal: state.stop.signal,
  });
  // A stop ends fetches, which says nothing about their hosts.
  if (state.stop.signal.aborted) return found;
  if (found.store !== undefined) await state.memories.remember(domain, { before, after: found.store });
  for (const news of found.news) tell(news);
  return found;
}

/** The facts, or those without them when the fetch takes longer than a delivery should. */
async function waitFor(
  state: State,
  domain: Domain,
  { found, why, signal }: { readonly found: Promise<StsFound>; readonly why: Why; readonly signal?: AbortSignal },
): Promise<StsFacts> {
  const over = new AbortController();
  const either = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
  const late = sleep(state.options.clock, DELIVERY_WAITS, either).then(() => undefined);
  try {
    const first = await Promise.race([found, late]);
    if (first !== undefined) return first.facts;
    return storedFacts(state, domain) ?? (state.fetching.has(keyOf(domain, why)) ? SLOW : UNHEARD);
  } finally {
    over.abort();
    late.catch(() => undefined);
  }
}

function storedFacts(state: State, domain: Domain): StsFacts | undefined {
  const now = state.options.clock.now();
  const memory = state.memories.of(domain);
  if (livePolicy(memory, now) === undefined) return undefined;
  const walk = stsDiscovery(domain, { now, stored: memory });
  walk.next();
  const unasked = { name: domain, chain: [], kind: "failure", cause: "unavailable", detail: "not asked" } as const;
  const end = walk.next({ kind: "txt", answer: unasked });
  return end.done === true ? end.value.facts : undefined;
}

async function refreshAll(state: State): Promise<void> {
  const { memories, options, stop } = state;
  const now = options.clock.now();
  const due = [...memories.due(now)];
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let domain = due.shift(); domain !== undefined && !stop.signal.aborted; domain = due.shift()) {
      const memory = memories.of(domain);
      if (livePolicy(memory, now) === undefined) await memories.remember(domain, { before: memory, after: {} });
      else await discover(state, domain, "refresh");
    }
  });
  await Promise.all(workers);
}

const SLOW: StsFacts = {
  kind: "failed",
  trouble: { at: "fetch", detail: "no policy within 10 s; the fetch goes on for later deliveries" },
};
/** Whether the domain has anything to fetch is not known then, so no report may say that it has. */
const UNHEARD: StsFacts = {
  kind: "failed",
  trouble: { at: "dns", detail: "no answer about an MTA-STS record within 10 s" },
};
/** How long a delivery waits for a first fetch. */
const DELIVERY_WAITS: Millis = 10_000;
const LOOK_EVERY: Millis = 60_000;
/** Fetches of the refreshing at once. */
const AT_ONCE = 4;
