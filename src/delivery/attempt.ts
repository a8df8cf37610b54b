import type { Bytes } from "../base/mod.ts";
import type { Envelope, Recipient } from "../mail/mod.ts";
import { type HostOutcome, type NotReached, type Proceed, type Rung, sayBecause, tlsWord } from "../policy/mod.ts";
import type { ClientSession, SessionFailure, Target, TransactionResult } from "../smtp/client/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import type { TlsSession } from "../tls/mod.ts";
import {
  type End,
  endOf,
  endWithoutHost,
  hostOutcome,
  nextRung,
  rejectedOutcome,
  wantsAnotherTransaction,
} from "./outcome.ts";
import type { PlannedHost, RuledOut } from "./plan.ts";

/** Opens a session on one rung of the decision's ladder; never rejects for what the peer does. */
export type OpenSession = (
  target: Target,
  decision: Proceed,
  rung: Rung,
  signal?: AbortSignal,
) => Promise<ClientSession | SessionFailure>;

/** One message to one destination. */
export interface Work {
  /** With the demand that binds this delivery. */
  readonly envelope: Envelope;
  /** Indices into the envelope's recipients. */
  readonly recipients: readonly number[];
  /** Opens the content from its beginning. */
  open(): AsyncIterable<Bytes>;
}

/** Where an outcome was reached, for log and notice. */
export interface Via {
  readonly tls: string;
  readonly because: readonly string[];
  readonly host?: string;
  readonly address?: string;
  readonly session?: TlsSession;
}

export interface RecipientOutcome {
  readonly end: End;
  readonly status: Status;
  readonly via: Via;
}

export interface Attempt {
  /** One for every recipient of the work. */
  readonly outcomes: ReadonlyMap<number, RecipientOutcome>;
  /** Resolves when the sessions have been ended. */
  readonly closing: Promise<unknown>;
}

/** Tries the hosts of a plan in order until every recipient is decided; addresses and rungs each get a connection. */
export async function attemptHosts(
  hosts: readonly (PlannedHost | RuledOut)[],
  work: Work,
  options: { readonly openSession: OpenSession; readonly signal?: AbortSignal },
): Promise<Attempt> {
  const walk: Walk = {
    ...options,
    work,
    undecided: new Map(work.recipients.map((index) => [index, undefined])),
    decided: new Map(),
    hosts: [],
    greetings: [],
    vias: new Map(),
    closing: [],
  };
  let dialled = 0;
  for (const planned of hosts) {
    if (planned.kind === "out") {
      ruleOut(walk, planned);
      continue;
    }
    for (const address of planned.addresses) {
      if (walk.undecided.size === 0 || dialled >= MOST_ADDRESSES || walk.signal?.aborted === true) break;
      dialled++;
      await tryAddress(walk, planned, address);
    }
  }
  return { outcomes: ended(walk), closing: Promise.allSettled(walk.closing) };
}

interface Walk {
  readonly openSession: OpenSession;
  readonly signal?: AbortSignal;
  readonly work: Work;
  /** Recipients without a final answer, with the newest temporary one. */
  readonly undecided: Map<number, RecipientOutcome | undefined>;
  readonly decided: Map<number, RecipientOutcome>;
  readonly hosts: HostOutcome[];
  /** Those of `hosts` that refused every session. */
  readonly greetings: HostOutcome[];
  /** Where the newest failure of each host was. */
  readonly vias: Map<string, Via>;
  readonly closing: Promise<void>[];
}

interface Dialled {
  readonly planned: PlannedHost;
  readonly target: Target;
}

function ruleOut(walk: Walk, { outcome, decision }: RuledOut): void {
  const missed: NotReached = outcome.why === "decision" ? "decision" : "dns";
  const { host } = outcome;
  note(walk, outcome, { tls: tlsWord(decision, missed), because: decision.because.map(sayBecause), host });
}

function note(walk: Walk, outcome: HostOutcome, via: Via): void {
  walk.hosts.push(outcome);
  walk.vias.set(outcome.host, via);
}

/** All rungs at one address; sessions follow each other while one of them makes headway. */
async function tryAddress(walk: Walk, planned: PlannedHost, address: string): Promise<void> {
  const { name, port, mode } = planned.host;
  const dialled: Dialled = { planned, target: { host: name, address, port, mode } };
  for (let rung: number | undefined = 0; rung !== undefined; ) {
    const session = await openRung(walk, dialled, rung);
    if ("kind" in session) {
      const failure: SessionFailure = session;
      const next = nextRung(planned.decision.ladder, rung, failure);
      if (next === undefined) leaveAddress(walk, dialled, failure, planned.decision.ladder[rung] as Rung);
      rung = next;
    } else if (!(await useSession(walk, dialled, session)) || walk.undecided.size === 0) {
      return;
    }
  }
}

function openRung(walk: Walk, { planned, target }: Dialled, rung: number): Promise<ClientSession | SessionFailure> {
  return walk.openSession(target, planned.decision, planned.decision.ladder[rung] as Rung, walk.signal);
}

function leaveAddress(walk: Walk, dialled: Dialled, failure: SessionFailure, rung: Rung): void {
  const outcome = hostOutcome(dialled.target.host, failure, rung);
  if (failure.stage === "greeting") walk.greetings.push(outcome);
  note(walk, outcome, viaOf(dialled, tlsWord(dialled.planned.decision, failure.stage)));
}

/** Sends transactions until the session has no more to give; true when another session here may decide more. */
async function useSession(walk: Walk, dialled: Dialled, session: ClientSession): Promise<boolean> {
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

function viaOf({ planned, target }: Dialled, tls: string, session?: TlsSession): Via {
  return {
    tls,
    because: planned.decision.because.map(sayBecause),
    host: target.host,
    address: target.address,
    ...(session === undefined ? {} : { session }),
  };
}

async function dispose(session: ClientSession): Promise<void> {
  await session[Symbol.asyncDispose]();
}

/** Everybody's outcome once there is nothing left to try. */
function ended(walk: Walk): ReadonlyMap<number, RecipientOutcome> {
  const outcomes = new Map(walk.decided);
  if (walk.undecided.size === 0) return outcomes;
  const { demand } = walk.work.envelope;
  const end = walk.hosts.length === 0 ? undefined : endWithoutHost(walk.hosts, walk.greetings, demand);
  const via = (end === undefined ? undefined : walk.vias.get(end.host)) ?? NOWHERE;
  for (const [index, known] of walk.undecided) {
    if (known !== undefined && end?.kind !== "fail") outcomes.set(index, known);
    else {
      const status = end?.status ?? statusOf("local-error");
      outcomes.set(index, { end: end?.kind === "fail" ? "failed" : "deferred", status, via });
    }
  }
  return outcomes;
}

const NOWHERE: Via = { tls: "may:!decision", because: [] };
/** Recipients of one transaction: what every server takes (RFC 5321 §4.5.3.1.8). */
const MOST_RECIPIENTS = 100;
/** Addresses dialled for one attempt; RFC 5321 §5.1 asks for two at least. */
const MOST_ADDRESSES = 12;
