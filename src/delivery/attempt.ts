import { type NotReached, type Rung, sayBecause, tlsWord } from "../policy/mod.ts";
import type { ClientSession, SessionFailure } from "../smtp/client/mod.ts";
import { statusOf } from "../status/mod.ts";
import { endWithoutHost, hostOutcome, nextRung } from "./outcome.ts";
import type { PlannedHost, RuledOut } from "./plan.ts";
import { useSession } from "./transact.ts";
import {
  type Dialled,
  note,
  type OpenSession,
  type RecipientOutcome,
  type Via,
  viaOf,
  type Walk,
  type Work,
} from "./walk.ts";

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
  let left = false;
  for (const planned of hosts) {
    if (planned.kind === "out") {
      ruleOut(walk, planned);
      continue;
    }
    for (const address of planned.addresses) {
      if (walk.undecided.size === 0) break;
      left ||= dialled >= MOST_ADDRESSES || walk.signal?.aborted === true;
      if (left) break;
      dialled++;
      await tryAddress(walk, planned, address);
    }
  }
  // An abort may also have ended the last session, which then says nothing about its host.
  return { outcomes: ended(walk, !left && walk.signal?.aborted !== true), closing: Promise.allSettled(walk.closing) };
}

function ruleOut(walk: Walk, { outcome, decision }: RuledOut): void {
  const missed: NotReached = outcome.why === "decision" ? "decision" : "dns";
  const { host } = outcome;
  note(walk, outcome, { tls: tlsWord(decision, missed), because: decision.because.map(sayBecause), host });
}

/** All rungs at one address; sessions follow each other while one of them makes headway. */
async function tryAddress(walk: Walk, planned: PlannedHost, address: string): Promise<void> {
  const { name, port, mode } = planned.host;
  const { convert: _convert, ...way } = planned.way ?? {};
  const dialled: Dialled = { planned, target: { host: name, address, port, mode, ...way } };
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

/** Everybody's outcome; only a walk that came to its end, with `all` tried, fails for want of a host. */
function ended(walk: Walk, all: boolean): ReadonlyMap<number, RecipientOutcome> {
  const outcomes = new Map(walk.decided);
  if (walk.undecided.size === 0) return outcomes;
  const { demand } = walk.work.envelope;
  const end = walk.hosts.length === 0 ? undefined : endWithoutHost(walk, demand, all);
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
/** Addresses dialled for one attempt; RFC 5321 §5.1 asks for two at least. */
const MOST_ADDRESSES = 12;
