import type { Millis } from "../../base/mod.ts";
import type { Claim, Destination } from "../../queue/mod.ts";
import { adjusted, freshWindow, type Window } from "../window.ts";
import type { ConnectionPool } from "./connections.ts";
import { type Held, holdClaim } from "./lease.ts";
import type { AttemptOptions } from "./options.ts";
import { reportFault } from "./report.ts";
import { type Report, workOn } from "./task.ts";

/** What is claimed and under way. */
export interface Crew {
  readonly options: AttemptOptions;
  readonly connections: ConnectionPool;
  /** The time to end in order is over. */
  readonly hard: AbortSignal;
  readonly concurrency: number;
  readonly perDestination: number;
  readonly busy: Map<Destination, number>;
  /** What is known of destinations; the one heard of longest ago is forgotten first. */
  readonly windows: Map<Destination, Window>;
  /** Destinations to be left alone until a time of the monotonic clock. */
  readonly paused: Map<Destination, Millis>;
  /** Claimed beyond what their destination may have at once. */
  readonly waiting: Held[];
  readonly tasks: Map<Promise<void>, Held>;
  bell: PromiseWithResolvers<void>;
  readonly quiet: Quiet;
}

/** How far the crew is with units whose attempt may have ended the process before. */
export interface Quiet {
  /** When it was last asked whether there are any. */
  lookedAt: Millis;
  /** Since when nothing new is begun, so that one can be tried alone. */
  since: Millis | undefined;
  /** When the one that is tried alone was begun. */
  alone: Millis | undefined;
}

/** Begins claims in their order as far as places in all and at their destination allow. */
export function beginWaiting(crew: Crew): void {
  for (let at = 0; at < crew.waiting.length && crew.tasks.size < crew.concurrency; ) {
    const held = crew.waiting[at] as Held;
    if (hasPlace(crew, held.claim.destination)) {
      crew.waiting.splice(at, 1);
      void begin(crew, held);
    } else at++;
  }
}

/** Keeps the lease of a claim alive until it is worked on or given back. */
export function take(crew: Crew, claim: Claim, lease: Millis): Held {
  const { store, clock } = crew.options;
  return holdClaim(claim, { store, clock, lease });
}

/** Resolves when the work is over. */
export function begin(crew: Crew, held: Held): Promise<void> {
  const { destination, message } = held.claim;
  const leave = enter(crew, destination);
  // Once the destination has answered, its place is free: recording needs none there. After trouble the window learns first.
  const task = workOn(held, crew.options, { stop: crew.hard, attempted: leave })
    .then((report) => learn(crew, destination, report))
    .catch((error: unknown) => reportFault(`Work on message ${message} broke`, error))
    .finally(() => {
      leave();
      crew.tasks.delete(task);
      crew.bell.resolve();
    });
  crew.tasks.set(task, held);
  return task;
}

/** Takes a place at a destination; what it returns gives it back, once. */
function enter(crew: Crew, destination: Destination): () => void {
  crew.busy.set(destination, (crew.busy.get(destination) ?? 0) + 1);
  let inside = true;
  return () => {
    if (!inside) return;
    inside = false;
    const left = (crew.busy.get(destination) ?? 1) - 1;
    if (left === 0) crew.busy.delete(destination);
    else crew.busy.set(destination, left);
    crew.bell.resolve();
  };
}

/**
 * Destinations of which nothing more could be begun, or nothing should: a claim whose lease is failing may be offered
 * again while we still have it, and what is delivered and not recorded would be delivered twice.
 */
export function fullDestinations(crew: Crew): readonly Destination[] {
  const full = new Set(crew.waiting.map(({ claim }) => claim.destination));
  for (const { claim, failing } of crew.tasks.values()) if (failing) full.add(claim.destination);
  for (const [destination, count] of crew.busy) {
    if (count >= windowOf(crew, destination).limit) full.add(destination);
  }
  for (const destination of stillPaused(crew)) full.add(destination);
  for (const destination of troubled(crew)) full.add(destination);
  return [...full];
}

/** The time until the first pause is over, Infinity without one. */
export function firstPause(crew: Crew): Millis {
  const now = crew.options.clock.monotonic();
  return [...crew.paused.values()].reduce((least, until) => Math.min(least, until - now), Infinity);
}

export function windowOf({ windows, perDestination }: Crew, destination: Destination): Window {
  return windows.get(destination) ?? freshWindow(perDestination);
}

function learn(crew: Crew, destination: Destination, report: Report): void {
  if (report === "crowded") crew.paused.set(destination, crew.options.clock.monotonic() + PAUSE);
  if (report === undefined || report === "crowded") return;
  const window = adjusted(windowOf(crew, destination), report, crew.perDestination);
  crew.windows.delete(destination);
  crew.windows.set(destination, window);
  const [oldest] = crew.windows.keys();
  if (crew.windows.size > MOST_WINDOWS && oldest !== undefined) crew.windows.delete(oldest);
}

function stillPaused(crew: Crew): readonly Destination[] {
  const now = crew.options.clock.monotonic();
  for (const [destination, until] of crew.paused) if (until <= now) crew.paused.delete(destination);
  return [...crew.paused.keys()];
}

function hasPlace(crew: Crew, destination: Destination): boolean {
  const { limit, trouble } = windowOf(crew, destination);
  return (crew.busy.get(destination) ?? 0) < limit && !(trouble > 0 && halfInTrouble(crew));
}

/** Destinations that fail may have half of all places together, so that the others always have the rest. */
function halfInTrouble(crew: Crew): boolean {
  let places = 0;
  for (const [destination, count] of crew.busy) if (windowOf(crew, destination).trouble > 0) places += count;
  return places * 2 >= crew.concurrency;
}

function troubled(crew: Crew): readonly Destination[] {
  if (!halfInTrouble(crew)) return [];
  const failing = [...crew.windows].filter(([, { trouble }]) => trouble > 0).map(([destination]) => destination);
  return failing.slice(-MOST_EXCEPTIONS);
}

/** For how long an address with its share of connections is left alone. */
const PAUSE: Millis = 2000;
const MOST_WINDOWS = 2000;
const MOST_EXCEPTIONS = 1000;
