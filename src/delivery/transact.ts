import type { Recipient } from "../mail/mod.ts";
import { tlsWord } from "../policy/mod.ts";
import type { ClientSession, TransactionResult } from "../smtp/client/mod.ts";
import { endOf, rejectedOutcome, wantsAnotherTransaction } from "./outcome.ts";
import { type Dialled, note, type Via, viaOf, type Walk } from "./walk.ts";

/** Sends transactions until the session has no more to give; true when another session here may decide more. */
export async function useSession(walk: Walk, dialled: Dialled, session: ClientSession): Promise<boolean> {
  const begun = walk.undecided.size;
  for (;;) {
    const before = walk.undecided.size;
    const verdict = await transact(walk, dialled, session);
    const left = walk.undecided.size;
    if (verdict === "again" && left < before && left > 0) continue;
    walk.closing.push(verdict === "broken" ? dispose(session) : session.quit());
    return (verdict === "again" || verdict === "new-session") && left < begun;
  }
}

type Verdict = "again" | "new-session" | "leave" | "broken";

async function transact(walk: Walk, dialled: Dialled, session: ClientSession): Promise<Verdict> {
  const { decision } = dialled.planned;
  const { envelope } = walk.work;
  const chunk = [...walk.undecided.keys()].slice(0, MOST_RECIPIENTS);
  const recipients = chunk.map((index) => envelope.recipients[index] as Recipient);
  const outgoing = { envelope, content: envelope.content, recipients, open: () => walk.work.open() };
  const result = await session.send(outgoing, decision, walk.signal);
  if ("kind" in result) {
    const outcome = rejectedOutcome(dialled.target.host, result);
    note(walk, outcome, viaOf(dialled, tlsWord(decision, outcome.why === "requiretls" ? "requiretls" : "verify")));
    return "leave";
  }
  const via = viaOf(
    dialled,
    tlsWord(decision, session.proof),
    session.proof.kind === "tls" ? session.proof.session : undefined,
  );
  if (result.untouched === true && !result.reusable) return sessionOver(walk, dialled, via, result);
  for (const [at, index] of chunk.entries()) {
    const status = result.recipients[at];
    // RFC 8689 §4.2.1: what this host does not promise, another may.
    if (status === undefined || status.cause === "requiretls-unsupported") continue;
    const outcome = { end: endOf(status), status, via };
    if (outcome.end === "deferred" && (result.host === "failed" || wantsAnotherTransaction(status))) {
      walk.undecided.set(index, outcome);
    } else {
      walk.undecided.delete(index);
      walk.decided.set(index, outcome);
    }
  }
  return verdictOf(walk, dialled, via, result);
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

async function dispose(session: ClientSession): Promise<void> {
  await session[Symbol.asyncDispose]();
}

/** Recipients of one transaction: what every server takes (RFC 5321 §4.5.3.1.8). */
const MOST_RECIPIENTS = 100;
