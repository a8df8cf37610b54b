import type { Millis } from "../../base/mod.ts";
import type { Destination } from "../../queue/mod.ts";
import { type Held, holdClaim } from "./lease.ts";
import type { DeliveryOptions } from "./options.ts";
import { reportFault } from "./report.ts";
import { release, workOn } from "./task.ts";

export interface Delivery extends AsyncDisposable {
  /** Resolves when the signal was given and all attempts are over; never rejects. */
  readonly done: Promise<void>;
}

/**
 * Delivers what falls due in the store until the signal is given. Claims no more than can be begun at once; one slow
 * destination keeps its own places only. Disposing gives the signal and waits for the end.
 */
export function startDelivery(options: DeliveryOptions): Delivery {
  const stop = new AbortController();
  const hard = new AbortController();
  const crew: Crew = {
    options: { ...options, signal: AbortSignal.any([options.signal, stop.signal]) },
    hard: hard.signal,
    concurrency: Math.max(1, options.concurrency ?? CONCURRENCY),
    perDestination: Math.max(1, options.perDestination ?? PER_DESTINATION),
    busy: new Map(),
    waiting: [],
    tasks: new Map(),
    bell: Promise.withResolvers<void>(),
  };
  const done = run(crew, hard);
  return {
    done,
    [Symbol.asyncDispose]() {
      stop.abort();
      return done;
    },
  };
}

interface Crew {
  readonly options: DeliveryOptions;
  /** The time to end in order is over. */
  readonly hard: AbortSignal;
  readonly concurrency: number;
  readonly perDestination: number;
  readonly busy: Map<Destination, number>;
  /** Claimed beyond what their destination may have at once. */
  readonly waiting: Held[];
  readonly tasks: Map<Promise<void>, Held>;
  bell: PromiseWithResolvers<void>;
}

async function run(crew: Crew, hard: AbortController): Promise<void> {
  const { store, signal } = crew.options;
  const ring = (): void => crew.bell.resolve();
  signal.addEventListener("abort", ring, { once: true });
  {
    using _watch = store.watch(ring);
    while (!signal.aborted) {
      // A new bell before the look, so that nothing that happens meanwhile is missed.
      crew.bell = Promise.withResolvers<void>();
      const pause = await lookForWork(crew);
      if (!signal.aborted) await waitFor(crew, pause);
    }
  }
  signal.removeEventListener("abort", ring);
  await drain(crew, hard);
}

/** Begins all that can be begun now; says how long to wait when nobody rings, undefined for ever. */
async function lookForWork(crew: Crew): Promise<Millis | undefined> {
  const { store, clock, signal, lease = LEASE } = crew.options;
  try {
    for (;;) {
      // What is claimed by now and not begun is given back.
      if (signal.aborted) return undefined;
      beginWaiting(crew);
      const room = crew.concurrency - crew.tasks.size;
      if (room <= 0) return undefined;
      const except = fullDestinations(crew);
      const claims = await store.claim({
        now: clock.now(),
        lease,
        limit: Math.min(room, crew.perDestination),
        except,
      });
      if (claims.length > 0) {
        crew.waiting.push(...claims.map((claim) => holdClaim(claim, { store, clock, lease })));
        continue;
      }
      const due = await store.nextDue();
      if (due === undefined) return undefined;
      // Overdue work of a full destination hides what falls due next, so look again before long.
      const soonest = except.length > 0 ? LOOK_AGAIN : SOONEST;
      return Math.max(due - clock.now(), soonest);
    }
  } catch (error) {
    reportFault("Cannot look for work", error);
    return LOOK_AGAIN;
  }
}

async function waitFor(crew: Crew, pause: Millis | undefined): Promise<void> {
  const { bell } = crew;
  const timer = pause === undefined ? undefined : crew.options.clock.after(pause, () => bell.resolve());
  await bell.promise;
  timer?.[Symbol.dispose]();
}

/** Begins claims in their order as far as places in all and at their destination allow. */
function beginWaiting(crew: Crew): void {
  for (let at = 0; at < crew.waiting.length && crew.tasks.size < crew.concurrency; ) {
    const held = crew.waiting[at] as Held;
    if ((crew.busy.get(held.claim.destination) ?? 0) < crew.perDestination) {
      crew.waiting.splice(at, 1);
      begin(crew, held);
    } else at++;
  }
}

function begin(crew: Crew, held: Held): void {
  const { destination, message } = held.claim;
  crew.busy.set(destination, (crew.busy.get(destination) ?? 0) + 1);
  const task = workOn(held, crew.options, crew.hard)
    .catch((error: unknown) => reportFault(`Work on message ${message} broke`, error))
    .finally(() => {
      const left = (crew.busy.get(destination) ?? 1) - 1;
      if (left === 0) crew.busy.delete(destination);
      else crew.busy.set(destination, left);
      crew.tasks.delete(task);
      crew.bell.resolve();
    });
  crew.tasks.set(task, held);
}

/**
 * Destinations of which nothing more could be begun, or nothing should: a claim whose lease is failing may be offered
 * again while we still have it, and what is delivered and not recorded would be delivered twice.
 */
function fullDestinations(crew: Crew): readonly Destination[] {
  const full = new Set(crew.waiting.map(({ claim }) => claim.destination));
  for (const { claim, failing } of crew.tasks.values()) if (failing) full.add(claim.destination);
  for (const [destination, count] of crew.busy) if (count >= crew.perDestination) full.add(destination);
  return [...full];
}

/** Gives back what was not begun, lets the rest finish, and ends what takes too long. */
async function drain(crew: Crew, hard: AbortController): Promise<void> {
  const { clock, drain = DRAIN } = crew.options;
  using _timer = clock.after(drain, () => {
    hard.abort(new Error("Shutting down"));
    for (const held of crew.tasks.values()) held.stop();
  });
  await Promise.all(crew.waiting.splice(0).map((held) => release(held, crew.options, hard.signal)));
  await Promise.all(crew.tasks.keys());
}

const CONCURRENCY = 100;
const PER_DESTINATION = 10;
const LEASE: Millis = 300_000;
const DRAIN: Millis = 60_000;
/** The least wait, whatever the store says of what is due. */
const SOONEST: Millis = 1000;
const LOOK_AGAIN: Millis = 5000;
