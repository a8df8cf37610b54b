import type { Clock, Instant, Millis } from "../../base/mod.ts";
import { reportFault } from "./report.ts";

/**
 * The time by which the queue is worked. It is the wall's as long as that goes on as the monotonic clock does, or as the
 * machine sleeps: that time has passed. When the wall jumps by more than a minute, and until the process ends:
 *
 * - back: the queue's time goes on, so that nothing waits longer for it;
 * - on: nothing grows older for it, so that no message expires and nobody is warned; what is due by the new time falls due
 *   after five minutes, in which the leases of attempts under way are moved there too.
 */
export interface QueueTime {
  /** For what falls due. */
  now(): Instant;
  /** For leases that end: after a sleep, those of attempts under way get five minutes to be renewed. */
  leases(): Instant;
  /** How far leases must reach beyond `now`, for the jump that is being followed. */
  slack(): Millis;
  /** By `now`, when a message would have come had nothing jumped since. */
  arrival(acceptedAt: Instant): Instant;
}

/** The same for all who work by that clock, however often delivery is begun anew. */
export function queueTimeOf(clock: Clock): QueueTime {
  const known = TIMES.get(clock);
  if (known !== undefined) return known;
  const time = createQueueTime(clock);
  TIMES.set(clock, time);
  return time;
}

function createQueueTime(clock: Clock): QueueTime {
  const asleep = (): Millis => clock.asleep?.() ?? 0;
  const elapsed = clock.monotonic();
  const clocks = { wall: clock.now(), elapsed, asleep: asleep(), asked: elapsed };
  const state: State = { ...clocks, ahead: 0, behind: 0, follow: 0, jumps: [], late: 0, woken: 0 };
  const look = (): State => {
    const wall = clock.now();
    const elapsed = clock.monotonic();
    let jump = wall - state.wall - (elapsed - state.elapsed);
    state.wall = wall;
    state.elapsed = elapsed;
    if (elapsed >= state.follow) state.behind = 0;
    if (elapsed >= state.woken) state.late = 0;
    const jumps = Math.abs(jump) > NO_JUMP;
    // Asked now and then, so that many short sleeps are not taken for a long one.
    if (jumps || elapsed - state.asked >= NO_JUMP) {
      const slept = asleep() - state.asleep;
      state.asleep += slept;
      state.asked = elapsed;
      if (slept > NO_JUMP) wakeUp(state, slept);
      if (jumps) jump -= slept;
    }
    if (jump > NO_JUMP) goOn(state, jump);
    if (jump < -NO_JUMP) goBack(state, -jump);
    return state;
  };
  return {
    now() {
      const { wall, ahead, behind } = look();
      return wall + ahead - behind;
    },
    leases() {
      const { wall, ahead, behind, late } = look();
      return wall + ahead - behind - late;
    },
    slack: () => look().behind,
    arrival(acceptedAt) {
      const { wall, ahead, behind, jumps } = look();
      const skipped = jumps.reduce((sum, { until, by }) => (acceptedAt < until ? sum + by : sum), 0);
      return Math.min(acceptedAt + skipped, wall) + ahead - behind;
    },
  };
}

interface State {
  wall: Instant;
  elapsed: Millis;
  /** As the clock says, when it was last asked. */
  asleep: Millis;
  asked: Millis;
  /** By which the queue's time is ahead of the wall, or behind it until `follow`. */
  ahead: Millis;
  behind: Millis;
  /** Of the monotonic clock. */
  follow: Millis;
  /** Spans of the wall that never passed, the newest last. */
  jumps: { readonly until: Instant; by: Millis }[];
  /** What was slept lately: leases end later by it, until `woken`, of the monotonic clock. */
  late: Millis;
  woken: Millis;
}

function wakeUp(state: State, slept: Millis): void {
  state.late += slept;
  state.woken = state.elapsed + FOLLOW;
}

function goOn(state: State, by: Millis): void {
  say("on", by);
  state.jumps.push({ until: state.wall, by });
  const caught = Math.min(state.ahead, by);
  state.ahead -= caught;
  if (by === caught) return;
  state.behind += by - caught;
  state.follow = state.elapsed + FOLLOW;
}

function goBack(state: State, by: Millis): void {
  say("back", by);
  const caught = Math.min(state.behind, by);
  state.behind -= caught;
  state.ahead += by - caught;
  // What was skipped and is gone back over comes again.
  for (let left = by; left > 0; ) {
    const last = state.jumps.at(-1);
    if (last === undefined) break;
    const undone = Math.min(last.by, left);
    last.by -= undone;
    left -= undone;
    if (last.by === 0) state.jumps.pop();
  }
}

function say(where: "on" | "back", by: Millis): void {
  reportFault(
    `The clock has jumped ${where} by ${Math.round(by / 1000)} s: until the next start, time in the queue counts without that`,
  );
}

const TIMES = new WeakMap<Clock, QueueTime>();
const NO_JUMP: Millis = 60_000;
/** As long as a lease, so that each is renewed meanwhile. */
const FOLLOW: Millis = 300_000;
