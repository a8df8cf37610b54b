import type { Instant, Millis, Random } from "../base/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";

export interface RetryPolicy {
  /** The first wait; each further one is twice as long, up to four hours (or `first` where that is longer). */
  readonly first: Millis;
  /** After so long in the queue a message is returned. */
  readonly expireAfter: Millis;
  /** After so long in the queue the sender is told that a message waits (RFC 3461 §5.2.5); never unless given. */
  readonly warnAfter?: Millis;
}

/** RFC 5321 §4.5.4.1: at least 30 minutes, and four to five days before giving up. */
export const DEFAULT_RETRY: RetryPolicy = { first: 30 * 60_000, expireAfter: 5 * 24 * 3_600_000 };

export interface AttemptTime {
  /** 1 for the first. */
  readonly attempt: number;
  readonly acceptedAt: Instant;
  readonly now: Instant;
  /** A host asked to come again soon: the first waits are 5, 10 and 20 minutes where that is less (RFC 6647 §2). */
  readonly soon?: boolean;
}

/** Whether no attempt follows one that ends at `now`. */
export function isLast({ acceptedAt, now }: Pick<AttemptTime, "acceptedAt" | "now">, policy: RetryPolicy): boolean {
  return now >= acceptedAt + policy.expireAfter;
}

/**
 * When to try again after a failed attempt, or undefined when the message has had its time. Waits are spread by up to a
 * tenth, so that what failed together does not come back together; the last try falls on the end of the lifetime.
 */
export function nextAttempt(at: AttemptTime, policy: RetryPolicy, random: Random): Instant | undefined {
  if (isLast(at, policy)) return undefined;
  const expires = at.acceptedAt + policy.expireAfter;
  const longest = Math.max(LONGEST_WAIT, policy.first);
  const usual = Math.min(policy.first * 2 ** Math.min(at.attempt - 1, MOST_DOUBLINGS), longest);
  const wait = Math.min(usual, (at.soon === true ? SOON[at.attempt - 1] : undefined) ?? usual);
  const spread = random.below(Math.max(1, Math.floor(wait / 10)));
  return Math.min(at.now + wait + spread, warning(at, policy), expires);
}

/** The try that decides whether the sender is told of a delay falls on its time, as far as `first` allows. */
function warning({ acceptedAt, now }: AttemptTime, { first, warnAfter }: RetryPolicy): Instant {
  const at = warnAfter === undefined ? now : acceptedAt + warnAfter;
  return now < at ? Math.max(at, now + first) : Infinity;
}

/** The end of a message that could not be delivered in time, with the last reason. */
export function expired(last: Status, policy: RetryPolicy): Status {
  const status = statusOf("expired", `Not delivered within ${sayPeriod(policy.expireAfter)}: ${last.text}`);
  return {
    ...status,
    ...(last.peer === undefined ? {} : { peer: last.peer }),
    ...(last.reply === undefined ? {} : { reply: last.reply }),
  };
}

function sayPeriod(span: Millis): string {
  for (const [unit, name] of UNITS) {
    if (span >= unit) return `${Math.round((span / unit) * 10) / 10} ${name}`;
  }
  return `${span} ms`;
}

const LONGEST_WAIT: Millis = 4 * 3_600_000;
const MOST_DOUBLINGS = 20;
const SOON: readonly Millis[] = [5 * 60_000, 10 * 60_000, 20 * 60_000];
const UNITS = [
  [86_400_000, "days"],
  [3_600_000, "hours"],
  [60_000, "minutes"],
  [1000, "seconds"],
] as const;
