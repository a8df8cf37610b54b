import { type Bytes, type Millis, sleep } from "../../base/mod.ts";
import { formatReversePath } from "../../mail/mod.ts";
import { type Claim, type Settlement, StoreError } from "../../queue/mod.ts";
import type { Attempt } from "../attempt.ts";
import type { RecipientOutcome } from "../walk.ts";
import type { Ending } from "../window.ts";
import { noticesFor, readStart } from "../notices.ts";
import { DEFAULT_RETRY } from "../retry.ts";
import { judgeAttempt, type Verdict } from "../settle.ts";
import { markWarned, toldOf } from "../told.ts";
import { deliverClaim } from "./deliver.ts";
import type { Held } from "./lease.ts";
import type { AttemptOptions, DeliveryOptions } from "./options.ts";
import { queueTimeOf } from "./queue_time.ts";
import { watchReading } from "./reading.ts";
import { reportAttempt, reportFault } from "./report.ts";

/** How the destination did: `crowded` when it was not tried, for its address has its share of connections. */
export type Report = Ending | "crowded" | undefined;

/**
 * Works on one claim from the first look-up to its settlement. Never rejects. An attempt that its lease ends early keeps
 * what was decided by then, the rest is due again at once. After `stop` the outcome is recorded now or not at all.
 * `attempted` is told when some host has answered and only the recording is left.
 */
export async function workOn(
  held: Held,
  options: AttemptOptions,
  { stop, attempted }: { readonly stop: AbortSignal; readonly attempted: () => void },
): Promise<Report> {
  using lease = held;
  const { claim, signal } = lease;
  if (claim.crashes >= MOST_CRASHES) return hold(claim, options, stop);
  const started = options.clock.monotonic();
  const reading = watchReading(options.store);
  const made = await deliverClaim(claim, { ...options, store: reading.store, signal });
  const damage = reading.damage();
  if (endingOf(made) === "well") attempted();
  if (made.fault !== undefined) reportFault(`The attempt for message ${claim.message} broke`, made.fault);
  if (made.crowded && !signal.aborted) {
    await giveBack(claim, options, stop);
    return "crowded";
  }
  const took = options.clock.monotonic() - started;
  const verdict = judge(claim, made.outcomes, options, signal.aborted || damage !== undefined);
  const outcome = await settlementOf(claim, { verdict, sessions: made.sessions }, options).catch((error: unknown) =>
    withoutNotices(claim, verdict, { error, now: options.clock.now() }),
  );
  const settlement = damage === undefined ? outcome : quarantined(claim, outcome, damage);
  if (await settle(claim, settlement, options, stop)) {
    reportAttempt(claim, verdict.outcomes, { at: options.clock.now(), took });
    reportDropped(claim, verdict);
  }
  await made.closing;
  return signal.aborted || damage !== undefined ? undefined : endingOf(made);
}

/** Whoever still waits for a content that cannot be read waits for an operator: no attempt and no time changes that. */
function quarantined(claim: Claim, settlement: Settlement, damage: StoreError): Settlement {
  if (settlement.retryAt === undefined) return settlement;
  reportFault(`Message ${claim.message} to ${claim.destination} is on hold, for it cannot be read`, damage);
  return { ...settlement, hold: "damage" };
}

/** Gives a claim back as if it had never been made. */
export async function release(held: Held, options: DeliveryOptions, stop: AbortSignal): Promise<void> {
  using lease = held;
  await giveBack(lease.claim, options, stop);
}

async function giveBack(claim: Claim, options: DeliveryOptions, stop: AbortSignal): Promise<void> {
  const now = queueTimeOf(options.clock).now();
  await settle(claim, { at: now, recipients: new Map(), retryAt: now, untouched: true }, options, stop);
}

/** What DNS alone put off says nothing about hosts. */
function endingOf({ open, outcomes }: Attempt): Ending | undefined {
  if (open.size > 0) return open.size === outcomes.size ? "failed" : "well";
  return outcomes.values().every(({ end, via }) => end === "deferred" && via.host === undefined) ? undefined : "well";
}

/** A notice that cannot be delivered ends here, but never in silence (RFC 5321 §6.1). */
function reportDropped({ message, destination, envelope }: Claim, { failed }: Verdict): void {
  if (envelope.reversePath.kind !== "null" || failed.length === 0) return;
  reportFault(`Message ${message} to ${destination} failed and has no sender to be returned to; it is dropped`);
}

function judge(
  claim: Claim,
  outcomes: ReadonlyMap<number, RecipientOutcome>,
  options: DeliveryOptions,
  stopped: boolean,
): Verdict {
  const time = queueTimeOf(options.clock);
  const now = time.now();
  const retry = options.retry ?? DEFAULT_RETRY;
  const arrived = { ...claim, acceptedAt: time.arrival(claim.acceptedAt) };
  // An attempt that we ended ourselves says nothing about the message.
  const verdict = judgeAttempt(arrived, outcomes, {
    now,
    random: options.random,
    retry: stopped ? { ...retry, expireAfter: Infinity } : retry,
  });
  return stopped && verdict.retryAt !== undefined ? { ...verdict, retryAt: now } : verdict;
}

async function settlementOf(
  claim: Claim,
  { verdict, sessions }: { readonly verdict: Verdict; readonly sessions: Attempt["sessions"] },
  options: DeliveryOptions,
): Promise<Settlement> {
  const now = options.clock.now();
  const tally = options.tally?.(sessions) ?? [];
  const settlement = {
    at: now,
    recipients: markWarned(claim, verdict.recipients, []),
    ...(verdict.retryAt === undefined ? {} : { retryAt: verdict.retryAt }),
    ...(tally.length === 0 ? {} : { tally }),
  };
  const time = queueTimeOf(options.clock);
  const arrived = { ...claim, acceptedAt: time.arrival(claim.acceptedAt) };
  const told = toldOf(arrived, verdict, { now: time.now(), retry: options.retry ?? DEFAULT_RETRY });
  if (told.size === 0) return settlement;
  const { hostname, postmaster, newQueueId: newId, notices: bound } = options;
  const start = await startOf(claim, options);
  const parts = { newId, hostname, postmaster, now, start, ...(bound === undefined ? {} : { bound }) };
  const { enqueue, warned, dropped } = noticesFor(claim, told, parts);
  for (const kind of dropped) {
    reportFault(`Too many notices to ${formatReversePath(claim.envelope.reversePath)}: no ${kind} of ${claim.message}`);
  }
  return { ...settlement, recipients: markWarned(claim, verdict.recipients, warned), enqueue };
}

/**
 * What can be recorded where the notices cannot be written: who has the message, so that nobody gets it twice. Those whom
 * a notice would have told of stay, on hold, for an operator.
 */
function withoutNotices(
  claim: Claim,
  { recipients }: Verdict,
  { error, now }: { readonly error: unknown; readonly now: number },
): Settlement {
  reportFault(
    `Cannot write the notices about message ${claim.message} to ${claim.destination}; what is left is on hold`,
    error,
  );
  const delivered = [...recipients].filter(([, state]) => state.kind === "delivered");
  return { at: now, recipients: new Map(delivered), retryAt: now, hold: true };
}

/** A notice without the header is better than none. */
async function startOf(claim: Claim, options: DeliveryOptions): Promise<Bytes> {
  try {
    return await readStart(options.store.openBody(claim.message));
  } catch (error) {
    reportFault(`Cannot read message ${claim.message} for its notice`, error);
    return new Uint8Array(0);
  }
}

async function hold(claim: Claim, options: DeliveryOptions, stop: AbortSignal): Promise<undefined> {
  const now = options.clock.now();
  reportFault(
    `Message ${claim.message} to ${claim.destination} is on hold: its attempt crashed ${claim.crashes} times`,
  );
  await settle(claim, { at: now, recipients: new Map(), retryAt: now, hold: true }, options, stop);
}

/**
 * Settles, again and again while the store cannot: a message that is delivered and not recorded would be delivered twice.
 * The lease goes on meanwhile. Gives up when `stop` is given and on what cannot get better. False when nothing was changed.
 */
async function settle(
  claim: Claim,
  settlement: Settlement,
  options: DeliveryOptions,
  stop: AbortSignal,
): Promise<boolean> {
  for (let wait = SETTLE_AGAIN; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    try {
      const settled = await options.store.settle(claim, settlement);
      if (!settled) reportFault(`The lease of message ${claim.message} was lost before its outcome was recorded`);
      return settled;
    } catch (error) {
      reportFault(`Cannot record the outcome of message ${claim.message}`, error);
      if (!mayRecover(error) || stop.aborted) return false;
      await sleep(options.clock, wait, stop).catch(() => undefined);
    }
  }
}

function mayRecover(error: unknown): boolean {
  return error instanceof StoreError && (error.kind === "io" || error.kind === "no-space");
}

/** Attempts in a row under which the process died, after which an operator must look (they may be its cause). */
const MOST_CRASHES = 3;
const SETTLE_AGAIN: Millis = 1000;
const LONGEST_WAIT: Millis = 30_000;
