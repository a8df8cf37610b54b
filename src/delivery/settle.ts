import type { Instant, Random } from "../base/mod.ts";
import type { Claim, RecipientState } from "../queue/mod.ts";
import type { Status } from "../status/mod.ts";
import type { RecipientOutcome } from "./walk.ts";
import { expired, nextAttempt, type RetryPolicy } from "./retry.ts";

/** What an attempt changes, before notices are written. */
export interface Verdict {
  readonly recipients: ReadonlyMap<number, RecipientState>;
  /** There while anybody is pending. */
  readonly retryAt?: Instant;
  /** Recipients that failed with this attempt, for the notice. */
  readonly failed: readonly { readonly index: number; readonly status: Status }[];
  /** Outcomes as they end: what had its time counts as failed. */
  readonly outcomes: ReadonlyMap<number, RecipientOutcome>;
}

/** Turns the outcomes of an attempt into states; what is deferred waits, or fails when the message has had its time. */
export function judgeAttempt(
  claim: Pick<Claim, "attempt" | "acceptedAt" | "recipients">,
  outcomes: ReadonlyMap<number, RecipientOutcome>,
  options: { readonly now: Instant; readonly retry: RetryPolicy; readonly random: Random },
): Verdict {
  const { now, retry, random } = options;
  const { attempt, acceptedAt } = claim;
  const soon = outcomes.values().some((outcome) => outcome.soon === true);
  const retryAt = nextAttempt({ attempt, acceptedAt, now, soon }, retry, random);
  const ends = new Map<number, RecipientOutcome>();
  for (const [index, outcome] of outcomes) {
    const over = outcome.end === "deferred" && retryAt === undefined;
    ends.set(index, over ? { ...outcome, end: "failed", status: expired(outcome.status, retry) } : outcome);
  }
  const recipients = new Map([...ends].map(([index, outcome]) => [index, stateOf(outcome, now)]));
  const failed = [...ends].flatMap(([index, { end, status }]) => (end === "failed" ? [{ index, status }] : []));
  const pending = [...claim.recipients].some(([index, state]) => (recipients.get(index) ?? state).kind === "pending");
  return { recipients, failed, outcomes: ends, ...(pending ? { retryAt: retryAt ?? now } : {}) };
}

/** Indices of the recipients of a unit that wait. */
export function pendingRecipients(claim: Pick<Claim, "recipients">): readonly number[] {
  return [...claim.recipients].flatMap(([index, state]) => (state.kind === "pending" ? [index] : []));
}

function stateOf({ end, status }: RecipientOutcome, at: Instant): RecipientState {
  return end === "deferred" ? { kind: "pending", last: status } : { kind: end, status, at };
}
