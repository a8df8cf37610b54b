import type { Recipient } from "../mail/mod.ts";
import { type PeerProof, type PlaintextAllowed, type Rejected, tlsWord } from "../policy/mod.ts";
import type { ClientSession, TransactionResult } from "../smtp/client/mod.ts";
import { contentFor, explained } from "./conversion.ts";
import { endOf, isGreylisting, reachOf, rejectedOutcome, wantsAnotherTransaction } from "./outcome.ts";
import { type Dialled, note, type RecipientOutcome, type Via, viaOf, type Walk } from "./walk.ts";

/** A session and whether it waited for another message before. */
export interface Opened {
  readonly session: ClientSession;
  readonly idle: boolean;
}

/**
 * Sends transactions until the session has no more to give: `more` when another session here may decide more, `stale` when
 * an idle session was of no use and only a new one tells something about the host.
 */
export async function useSession(walk: Walk, dialled: Dialled, opened: Opened): Promise<"more" | "done" | "stale"> {
  const begun = walk.undecided.size;
  for (let { idle } = opened; ; idle = false) {
    const before = walk.undecided.size;
    const verdict = await orEnd(walk, dialled, { ...opened, idle });
    const left = walk.undecided.size;
    if (verdict === "again" && left < before && left > 0) continue;
    walk.closing.push(finish(walk, dialled, { session: opened.session, verdict }));
    if (verdict === "stale") return "stale";
    return (verdict === "again" || verdict === "new-session") && left < begun ? "more" : "done";
  }
}

/** A fault of ours, such as content that cannot be read, ends the session and gives its place back. */
async function orEnd(walk: Walk, dialled: Dialled, opened: Opened): Promise<Verdict> {
  try {
    return await transact(walk, dialled, opened);
  } catch (error) {
    await finish(walk, dialled, { session: opened.session, verdict: "broken" });
    throw error;
  }
}

type Verdict = "again" | "new-session" | "leave" | "broken" | "stale";

async function transact(walk: Walk, dialled: Dialled, { session, idle }: Opened): Promise<Verdict> {
  const { decision } = dialled.planned;
  const { envelope } = walk.work;
  const chunk = [...walk.undecided.keys()].slice(0, MOST_RECIPIENTS);
  const recipients = chunk.map((index) => envelope.recipients[index] as Recipient);
  const { refusal, ...content } = await contentFor(walk, dialled, session.extensions);
  const result = await session.send({ ...content, recipients }, decision, walk.signal);
  if ("kind" in result) return idle ? "stale" : reject(walk, dialled, result);
  const via = viaOf(dialled, tlsWord(decision, session.proof), sessionOf(session.proof));
  if (result.untouched === true && !result.reusable) return idle ? "stale" : sessionOver(walk, dialled, via, result);
  for (const [at, index] of chunk.entries()) {
    const status = explained(result.recipients[at], refusal);
    // RFC 8689 §4.2.1: what this host does not promise, another may.
    if (status === undefined || status.cause === "requiretls-unsupported") continue;
    const outcome = outcomeOf(session, status, via);
    // RFC 5321 §4.5.3.2.6: who may have taken the message must not be passed by with a second copy.
    const open = outcome.end === "deferred" && result.afterDot !== true;
    if (open && (result.host === "failed" || wantsAnotherTransaction(status))) {
      walk.undecided.set(index, outcome);
    } else {
      walk.undecided.delete(index);
      walk.decided.set(index, outcome);
    }
  }
  // Whoever had let it wait too long says so now, or is gone; nothing was handed over.
  if (idle && result.host === "failed" && !result.reusable && result.afterDot !== true) return "stale";
  return verdictOf(walk, dialled, via, result);
}

function outcomeOf(session: ClientSession, status: Parameters<typeof endOf>[0], via: Via): RecipientOutcome {
  const end = endOf(status);
  return {
    end,
    ...(end === "delivered" ? { reach: reachOf(session) } : {}),
    ...(end === "deferred" && isGreylisting(status) ? { soon: true } : {}),
    status,
    via,
  };
}

function reject(walk: Walk, dialled: Dialled, rejected: Rejected): Verdict {
  const outcome = rejectedOutcome(dialled.target.host, rejected);
  const missed = outcome.why === "requiretls" ? "requiretls" : "verify";
  note(walk, outcome, viaOf(dialled, tlsWord(dialled.planned.decision, missed)));
  return "leave";
}

function verdictOf(walk: Walk, dialled: Dialled, via: Via, result: TransactionResult): Verdict {
  if (result.host === "ok") return result.reusable ? "again" : "new-session";
  const { host } = dialled.target;
  const unsupported = result.recipients.find((one) => one.cause === "requiretls-unsupported");
  const deferred = result.recipients.find((one) => endOf(one) === "deferred");
  if (unsupported !== undefined) {
    const missed = viaOf(dialled, tlsWord(dialled.planned.decision, "requiretls"));
    note(walk, { host, why: "requiretls", status: unsupported }, missed);
  } else if (deferred !== undefined) note(walk, { host, why: "answered", status: deferred }, via);
  return result.reusable ? "leave" : "broken";
}

/** The session ended before it was asked: another may do better, unless this one never did anything. */
function sessionOver(walk: Walk, dialled: Dialled, via: Via, { recipients }: TransactionResult): Verdict {
  const [status] = recipients;
  if (status !== undefined) note(walk, { host: dialled.target.host, why: "answered", status }, via);
  return "new-session";
}

/** Keeps a session that is well for the next message; ends any other. */
async function finish(
  { connections }: Walk,
  { planned, target }: Dialled,
  { session, verdict }: { readonly session: ClientSession; readonly verdict: Verdict },
): Promise<void> {
  if (verdict === "again" && connections !== undefined) return await connections.keep(session, planned.decision);
  try {
    await (verdict === "broken" || verdict === "stale" ? session[Symbol.asyncDispose]() : session.quit());
  } finally {
    connections?.leave(target.address);
  }
}

function sessionOf(proof: PeerProof | PlaintextAllowed): PeerProof["session"] | undefined {
  return proof.kind === "tls" ? proof.session : undefined;
}

/** Recipients of one transaction: what every server takes (RFC 5321 §4.5.3.1.8). */
const MOST_RECIPIENTS = 100;
