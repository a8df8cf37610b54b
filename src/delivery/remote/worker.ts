import type { Millis } from "../../base/mod.ts";
import { connectionPool } from "./connections.ts";
import type { Crew } from "./crew.ts";
import { restingLogins } from "./logins.ts";
import { lookForWork } from "./look.ts";
import type { DeliveryOptions } from "./options.ts";
import { release } from "./task.ts";

export interface Delivery extends AsyncDisposable {
  /** Resolves when the signal was given and all attempts are over; never rejects. */
  readonly done: Promise<void>;
  /** Ends sessions that wait for another message, and rests of logins, for instance when certificates, rules or passwords have changed. */
  endIdle(): Promise<void>;
}

/**
 * Delivers what falls due in the store until the signal is given. Claims no more than can be begun at once; one slow
 * destination keeps its own places only. Disposing gives the signal and waits for the end.
 */
export function startDelivery(options: DeliveryOptions): Delivery {
  const stop = new AbortController();
  const hard = new AbortController();
  const { clock, reuse, perAddress } = options;
  const connections = connectionPool({
    clock,
    ...(reuse === undefined ? {} : { idle: reuse }),
    ...(perAddress === undefined ? {} : { perAddress }),
  });
  const logins = restingLogins(options.openSession, clock);
  const crew: Crew = {
    options: {
      ...options,
      openSession: logins.openSession,
      connections,
      signal: AbortSignal.any([options.signal, stop.signal]),
    },
    connections,
    hard: hard.signal,
    concurrency: Math.max(1, options.concurrency ?? CONCURRENCY),
    perDestination: Math.max(1, options.perDestination ?? PER_DESTINATION),
    busy: new Map(),
    windows: new Map(),
    paused: new Map(),
    waiting: [],
    tasks: new Map(),
    bell: Promise.withResolvers<void>(),
    quiet: { lookedAt: -Infinity, since: undefined, alone: undefined },
  };
  const done = run(crew, hard);
  return {
    done,
    async endIdle() {
      logins.endRests();
      await connections.endIdle();
    },
    [Symbol.asyncDispose]() {
      stop.abort();
      return done;
    },
  };
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

async function waitFor(crew: Crew, pause: Millis | undefined): Promise<void> {
  const { bell } = crew;
  // Timers stand still while the machine sleeps, and know nothing of a wall that jumps.
  const wait = pause === undefined ? undefined : Math.min(pause, LONGEST_WAIT);
  const timer = wait === undefined ? undefined : crew.options.clock.after(wait, () => bell.resolve());
  await bell.promise;
  timer?.[Symbol.dispose]();
}

/** Gives back what was not begun, lets the rest finish, and ends what takes too long. */
async function drain(crew: Crew, hard: AbortController): Promise<void> {
  const { clock, drain = DRAIN } = crew.options;
  using _timer = clock.after(drain, () => {
    hard.abort(new Error("Shutting down"));
    for (const held of crew.tasks.values()) held.stop();
  });
  const goodbyes = crew.connections.close();
  await Promise.all(crew.waiting.splice(0).map((held) => release(held, crew.options, hard.signal)));
  await Promise.all(crew.tasks.keys());
  await goodbyes;
}

const CONCURRENCY = 100;
const PER_DESTINATION = 10;
const DRAIN: Millis = 60_000;
const LONGEST_WAIT: Millis = 60_000;
