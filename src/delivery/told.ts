import type { Instant } from "../base/mod.ts";
import { actionFor, type Happening, type ReportedRecipient } from "../dsn/mod.ts";
import type { Claim, RecipientState } from "../queue/mod.ts";
import type { RetryPolicy } from "./retry.ts";
import type { Verdict } from "./settle.ts";
import type { RecipientOutcome } from "./walk.ts";

/** Recipients of whom the sender is told something, by their index. */
export type Told = ReadonlyMap<number, ReportedRecipient>;

/** What of a claim its notices speak of. */
export type Unit = Pick<Claim, "envelope" | "message" | "acceptedAt" | "bodySize" | "recipients">;

/** The recipients that the outcomes of an attempt give cause to tell of. */
export function toldOf(
  claim: Unit,
  { outcomes }: Pick<Verdict, "outcomes">,
  options: { readonly now: Instant; readonly retry: RetryPolicy },
): Told {
  const { reversePath, recipients } = claim.envelope;
  const told = new Map<number, ReportedRecipient>();
  for (const [index, outcome] of outcomes) {
    const recipient = recipients[index];
    const happened = happeningOf(claim, index, outcome, options);
    if (recipient === undefined || happened === undefined) continue;
    const action = actionFor(reversePath, recipient.notify, happened);
    if (action === undefined) continue;
    const { now, retry } = options;
    const until = action === "delayed" ? { retryUntil: claim.acceptedAt + retry.expireAfter } : {};
    told.set(index, { recipient, action, status: outcome.status, lastAttempt: now, ...until });
  }
  return told;
}

/** The states of an attempt with the mark of those who were told of a delay, now or before. */
export function markWarned(
  claim: Pick<Claim, "recipients">,
  states: ReadonlyMap<number, RecipientState>,
  warned: readonly number[],
): ReadonlyMap<number, RecipientState> {
  return new Map(
    [...states].map(([index, state]) =>
      state.kind === "pending" && (wasWarned(claim, index) || warned.includes(index))
        ? [index, { ...state, warned: true }]
        : [index, state],
    ),
  );
}

function happeningOf(
  claim: Unit,
  index: number,
  outcome: RecipientOutcome,
  { now, retry }: { readonly now: Instant; readonly retry: RetryPolicy },
): Happening | undefined {
  if (outcome.end === "failed") return "failed";
  if (outcome.end === "delivered") return reached(outcome);
  const { warnAfter } = retry;
  // An attempt that we ended ourselves says nothing about the message.
  if (warnAfter === undefined || outcome.status.cause === "shutting-down") return undefined;
  return now - claim.acceptedAt >= warnAfter && !wasWarned(claim, index) ? "delayed" : undefined;
}

/** What was passed on to a host of which it is not known that it gives notices counts as one that does not. */
function reached({ reach, via }: RecipientOutcome): Happening {
  if (reach === "relayed-dsn") return "relayed-dsn";
  if (reach === "mailbox") return "delivered";
  return reach === undefined && via.host === undefined ? "delivered" : "relayed";
}

function wasWarned(claim: Pick<Claim, "recipients">, index: number): boolean {
  const state = claim.recipients.get(index);
  return state?.kind === "pending" && state.warned === true;
}
