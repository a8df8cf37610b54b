/**
 * What is known of MTA-STS policies: in memory, on disk, and where neither will do from the network. Discoveries of one
 * domain are shared by all who wait. A delivery waits a moment at most; the fetch that it began goes on without it. Stored
 * policies are looked at again daily whatever their TXT record says, for whoever cuts that off wants them to run out
 * (RFC 8461 §10.2). Only policies outlive a restart: a failure is no reason to look away for longer than minutes.
 */
import { type Clock, type Instant, type Millis, type Random, sleep } from "../../base/mod.ts";
import type { Resolver } from "../../dns/mod.ts";
import type { Domain } from "../../mail/mod.ts";
import { publish } from "../../observe/mod.ts";
import type { StsNews } from "../sources/sts-news.ts";
import {
  livePolicy,
  refreshDue,
  stsDiscovery,
  type StsFound,
  type StsMemory,
  type StsOptions,
} from "../sources/sts.ts";
import type { StsFacts } from "../types.ts";
import { answerSts, type StsFetch } from "./sts-drive.ts";
import type { StsStore } from "./sts-store.ts";

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
  const state: State = {
    options,
    failures: new Map(),
    jitter: new Map(),
    running: new Map(),
    stop: new AbortController(),
  };
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
      const found = discover(state, domain, refetch ? "before-failure" : "delivery");
      return await waitFor(state, domain, { found, ...(signal === undefined ? {} : { signal }) });
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
  /** The newest failed fetch of each domain; forgotten after a while. */
  readonly failures: Map<Domain, NonNullable<StsMemory["failure"]>>;
  /** How much earlier than due each policy is looked at, so that not all are at once. */
  readonly jitter: Map<Domain, Millis>;
  readonly running: Map<string, Promise<StsFound>>;
  readonly stop: AbortController;
}

/** Joins the discovery of this kind that is under way, or begins one. Never rejects. */
function discover(state: State, domain: Domain, why: NonNullable<StsOptions["why"]>): Promise<StsFound> {
  const key = `${why} ${domain}`;
  const known = state.running.get(key);
  if (known !== undefined) return known;
  const mine = discoverNow(state, domain, why).finally(() => state.running.delete(key));
  state.running.set(key, mine);
  return mine;
}

async function discoverNow(state: State, domain: Domain, why: NonNullable<StsOptions["why"]>): Promise<StsFound> {
  const { clock, resolver, fetch } = state.options;
  const now = clock.now();
  const before = memoryOf(state, domain);
  const found = await answerSts(stsDiscovery(domain, { now, stored: before, why }), {
    resolver,
    fetch,
    signal: state.stop.signal,
  });
  // A stop ends fetches, which says nothing about their hosts.
  if (found.store !== undefined && !state.stop.signal.aborted)
    await remember(state, domain, { before, after: found.store });
  for (const news of found.news) tell(news);
  return found;
}

/** The facts, or those without them when the fetch takes longer than a delivery should. */
async function waitFor(
  state: State,
  domain: Domain,
  { found, signal }: { readonly found: Promise<StsFound>; readonly signal?: AbortSignal },
): Promise<StsFacts> {
  const over = new AbortController();
  const either = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
  const late = sleep(state.options.clock, DELIVERY_WAITS, either).then(() => undefined);
  try {
    const first = await Promise.race([found, late]);
    if (first !== undefined) return first.facts;
    return storedFacts(state, domain) ?? SLOW;
  } finally {
    over.abort();
    late.catch(() => undefined);
  }
}

function storedFacts(state: State, domain: Domain): StsFacts | undefined {
  const now = state.options.clock.now();
  const memory = memoryOf(state, domain);
  if (livePolicy(memory, now) === undefined) return undefined;
  const walk = stsDiscovery(domain, { now, stored: memory });
  walk.next();
  const unasked = { name: domain, chain: [], kind: "failure", cause: "unavailable", detail: "not asked" } as const;
  const end = walk.next({ kind: "txt", answer: unasked });
  return end.done === true ? end.value.facts : undefined;
}

function memoryOf(state: State, domain: Domain): StsMemory {
  const policy = state.options.store.get(domain)?.policy;
  const failure = state.failures.get(domain);
  return { ...(policy === undefined ? {} : { policy }), ...(failure === undefined ? {} : { failure }) };
}

async function remember(
  state: State,
  domain: Domain,
  { before, after }: { readonly before: StsMemory; readonly after: StsMemory },
): Promise<void> {
  const { store } = state.options;
  const { policy, failure } = after;
  const now = store.get(domain)?.policy;
  // Somebody else fetched meanwhile: a failure must not bring the older policy back.
  if (failure !== undefined && now !== before.policy) return;
  state.failures.delete(domain);
  if (failure !== undefined) {
    state.failures.set(domain, failure);
    forgetFailures(state);
  }
  if (policy === now) return;
  state.jitter.delete(domain);
  try {
    if (policy === undefined) await store.remove(domain);
    else await store.save({ domain, policy });
  } catch (error) {
    const text = `Cannot store the MTA-STS policy of ${domain}: ${error instanceof Error ? error.message : String(error)}`;
    publish("hopseal:fault", { where: "mta-sts", text });
  }
}

/** Failures of domains without a policy matter for minutes; the oldest go when there are too many. */
function forgetFailures(state: State): void {
  for (const domain of state.failures.keys()) {
    if (state.failures.size <= MOST_FAILURES) return;
    state.failures.delete(domain);
  }
}

async function refreshAll(state: State): Promise<void> {
  const { clock, store } = state.options;
  const now = clock.now();
  const due = store.list().filter(({ domain }) => dueAt(state, domain) <= now);
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let entry = due.shift(); entry !== undefined && !state.stop.signal.aborted; entry = due.shift()) {
      if (entry.policy.expires > now) await discover(state, entry.domain, "refresh");
      else await remember(state, entry.domain, { before: memoryOf(state, entry.domain), after: {} });
    }
  });
  await Promise.all(workers);
}

function dueAt(state: State, domain: Domain): Instant {
  const memory = memoryOf(state, domain);
  const due = refreshDue(memory);
  if (due === undefined || memory.policy === undefined) return Infinity;
  if (memory.failure !== undefined) return due;
  let jitter = state.jitter.get(domain);
  if (jitter === undefined) {
    jitter = state.options.random.below(Math.floor((due - memory.policy.fetchedAt) / 10) + 1);
    state.jitter.set(domain, jitter);
  }
  return due - jitter;
}

function tell(news: StsNews): void {
  const { domain } = news;
  if (news.kind !== "refresh-failed") {
    publish("hopseal:policy", { domain, what: news.kind, source: "mta-sts", text: news.says });
    return;
  }
  const { count, expires, trouble } = news;
  // The second failure in a row, and then ever more rarely.
  if (count < 2 || (count & (count - 1)) !== 0) return;
  const text = `the stored policy could not be renewed ${count} times and ends at ${new Date(expires).toISOString()}: ${trouble.detail}`;
  publish("hopseal:policy", { domain, what: news.kind, source: "mta-sts", text });
}

const SLOW: StsFacts = {
  kind: "failed",
  trouble: { at: "fetch", detail: "no policy within 10 s; the fetch goes on for later deliveries" },
};
/** How long a delivery waits for a first fetch. */
const DELIVERY_WAITS: Millis = 10_000;
const LOOK_EVERY: Millis = 60_000;
/** Fetches of the refreshing at once. */
const AT_ONCE = 4;
const MOST_FAILURES = 10_000;
