import type { Clock, Instant, Millis } from "../../base/mod.ts";
import type { KnownPolicy } from "../sources/sts.ts";

/** When policies end that are held in memory, by two clocks. */
export interface PolicyAges {
  /** From now on the monotonic clock has a say in when the policy ends. */
  begin(policy: KnownPolicy): void;
  /** The policy with the end that counts. */
  of(policy: KnownPolicy): KnownPolicy;
}

/**
 * Whoever can set the wall clock forward (NTP is rarely authenticated) would end every stored policy, and by setting it
 * back make one hold for years. So where it moved against the monotonic clock by more than a day since a policy was read
 * or fetched, the latter counts. `onJump` is told once of each such move.
 */
export function policyAges(clock: Pick<Clock, "now" | "monotonic">, onJump: (text: string) => void): PolicyAges {
  const ends = new WeakMap<KnownPolicy, Millis>();
  let told = false;
  const started = { wall: clock.now(), monotonic: clock.monotonic() };
  const drift = (now: Instant): Millis => now - started.wall - (clock.monotonic() - started.monotonic);
  const warn = (now: Instant): void => {
    const jumped = Math.abs(drift(now)) > MOST_DRIFT;
    if (jumped && !told) onJump(JUMPED(drift(now)));
    told = jumped;
  };
  return {
    begin(policy) {
      const left = Math.min(Math.max(policy.expires - clock.now(), 0), policy.maxAge);
      ends.set(policy, clock.monotonic() + left);
    },
    of(policy) {
      const end = ends.get(policy);
      if (end === undefined) return policy;
      const now = clock.now();
      warn(now);
      const expires = now + end - clock.monotonic();
      return Math.abs(expires - policy.expires) > MOST_DRIFT ? { ...policy, expires } : policy;
    },
  };
}

const JUMPED = (drift: Millis): string =>
  `The clock was set ${drift > 0 ? "forward" : "back"} by ${Math.round(Math.abs(drift) / 3_600_000)} h; stored MTA-STS policies end when they would have ended without that`;
/** A day */
const MOST_DRIFT: Millis = 86_400_000;
