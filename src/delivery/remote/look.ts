import type { Millis } from "../../base/mod.ts";
import type { ClaimRequest } from "../../queue/mod.ts";
import { begin, beginWaiting, type Crew, firstPause, fullDestinations, take } from "./crew.ts";
import { queueTimeOf } from "./queue_time.ts";
import { reportFault } from "./report.ts";
import { release } from "./task.ts";

/** Begins all that can be begun now; says how long to wait when nobody rings, undefined for ever. */
export async function lookForWork(crew: Crew): Promise<Millis | undefined> {
  const { store, clock, signal, lease = LEASE } = crew.options;
  const time = queueTimeOf(clock);
  const span = (): Span => ({ now: time.now(), lease: lease + time.slack() });
  try {
    const suspects = await lookForSuspects(crew, lease);
    if (suspects !== undefined) return suspects;
    for (;;) {
      // What is claimed by now and not begun is given back.
      if (signal.aborted) return undefined;
      beginWaiting(crew);
      const room = crew.concurrency - crew.tasks.size;
      if (room <= 0) return undefined;
      const except = fullDestinations(crew);
      const limit = Math.min(room, crew.perDestination);
      const claims = await store.claim({ ...span(), limit, except, suspects: "none" });
      if (claims.length > 0) {
        crew.waiting.push(...claims.map((claim) => take(crew, claim, lease)));
        continue;
      }
      const due = await store.nextDue(except);
      const wait = Math.min(due === undefined ? Infinity : due - time.now(), firstPause(crew));
      return wait === Infinity ? undefined : Math.max(wait, SOONEST);
    }
  } catch (error) {
    reportFault("Cannot look for work", error);
    return LOOK_AGAIN;
  }
}

/**
 * Units whose attempt may have ended the process are tried one at a time with nothing else under way, so that what was
 * under way with them is cleared. That waits for others, and others wait for it, for `ALONE` at most. Returns how long to
 * wait; undefined when work may go on.
 */
async function lookForSuspects(crew: Crew, lease: Millis): Promise<Millis | undefined> {
  const { store, clock, signal } = crew.options;
  const { quiet } = crew;
  const now = clock.monotonic();
  if (quiet.alone !== undefined) return remaining(quiet.alone, now);
  const still = crew.tasks.size === 0 && crew.waiting.length === 0;
  const ready = still || (quiet.since !== undefined && now - quiet.since >= ALONE);
  if (!ready && quiet.since !== undefined) return remaining(quiet.since, now);
  if (!ready && now - quiet.lookedAt < LOOK_AGAIN) return undefined;
  quiet.lookedAt = now;
  const except = still ? [] : fullDestinations(crew);
  const time = queueTimeOf(clock);
  const at = time.leases();
  const span: Span = { now: at, lease: time.now() - at + lease + time.slack() };
  const [claim] = await store.claim({ ...span, limit: 1, except, suspects: "only" });
  quiet.since = claim === undefined || ready ? undefined : now;
  if (claim === undefined) return undefined;
  const held = take(crew, claim, lease);
  if (!ready || signal.aborted) {
    // A lease that is only waiting would count as another crash.
    await Promise.all([held, ...crew.waiting.splice(0)].map((one) => release(one, crew.options, crew.hard)));
    return remaining(now, clock.monotonic());
  }
  quiet.alone = now;
  void begin(crew, held).finally(() => {
    quiet.alone = undefined;
    crew.bell.resolve();
  });
  return ALONE;
}

type Span = Pick<ClaimRequest, "now" | "lease">;

/** What is left of `ALONE`; undefined when it is over. */
function remaining(since: Millis, now: Millis): Millis | undefined {
  return now - since < ALONE ? Math.max(SOONEST, since + ALONE - now) : undefined;
}

const LEASE: Millis = 300_000;
/** The least wait, whatever the store says of what is due. */
const SOONEST: Millis = 1000;
const LOOK_AGAIN: Millis = 5000;
const ALONE: Millis = 30_000;
