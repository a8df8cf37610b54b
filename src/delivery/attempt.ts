import type { Millis } from "../base/mod.ts";
import { type NotReached, type Rung, sayBecause, tlsWord } from "../policy/mod.ts";
import type { ClientSession, SessionFailure } from "../smtp/client/mod.ts";
import { statusOf } from "../status/mod.ts";
import type { SessionRecord } from "../tlsrpt/mod.ts";
import { endWithoutHost, hostOutcome, nextRung } from "./outcome.ts";
import type { PlannedHost, RuledOut } from "./plan.ts";
import { refusalRecord, sessionRecord } from "./record.ts";
import { useSession } from "./transact.ts";
import {
  type Dialled,
  note,
  type RecipientOutcome,
  type Via,
  viaOf,
  type Walk,
  type WalkOptions,
  type Work,
} from "./walk.ts";

export interface Attempt {
  /** One for every recipient of the work. */
  readonly outcomes: ReadonlyMap<number, RecipientOutcome>;
  /** Recipients that no host decided about. */
  readonly open: ReadonlySet<number>;
  /** Nothing was tried, for an address that was due has its share of connections. */
  readonly crowded: boolean;
  /** What TLS reports are made of. */
  readonly sessions: readonly SessionRecord[];
  /** Resolves when the sessions have been ended, or kept for other messages. */
  readonly closing: Promise<unknown>;
  /** A fault of ours ended it before all was tried; what was decided by then stays decided. */
  readonly fault?: unknown;
}

/**
 * Tries the hosts of a plan in order until every recipient is decided; addresses and rungs each get a connection. While
 * other addresses remain, a slow connection waits for a second, patient round, so that a dead one costs little. Rejects
 * for a fault of ours that comes before anybody is decided.
 */
export async function attemptHosts(
  hosts: readonly (PlannedHost | RuledOut)[],
  work: Work,
  options: WalkOptions,
): Promise<Attempt> {
  const walk = begin(work, options);
  const stops = hosts.flatMap(stopsAt);
  const within = stops.filter((stop) => stop.kind === "dial").slice(0, MOST_ADDRESSES);
  const fault = await tryStops(walk, stops, within);
  const all = within.length === stops.filter((stop) => stop.kind === "dial").length;
  // An abort may also have ended the last session, which then says nothing about its host.
  const complete = all && !walk.crowded && walk.signal?.aborted !== true && fault === undefined;
  const outcomes = ended(walk, complete);
  return {
    outcomes,
    open: new Set(walk.undecided.keys()),
    crowded: walk.crowded && walk.hosts.length === 0 && walk.decided.size === 0,
    sessions: walk.sessions,
    closing: Promise.allSettled(walk.closing),
    ...fault,
  };
}

/** Goes from stop to stop; a fault of ours is told beside what was decided, for that must not be sent once more. */
async function tryStops(
  walk: Walk,
  stops: readonly (Stop | RuledOut)[],
  within: readonly Stop[],
): Promise<Pick<Attempt, "fault"> | undefined> {
  const last = within.at(-1);
  const slow: Stop[] = [];
  try {
    for (const stop of stops) {
      if (over(walk)) break;
      if (stop.kind === "out") ruleOut(walk, stop);
      else if (within.includes(stop) && (await tryAddress(walk, stop, stop !== last)) === "slow") slow.push(stop);
    }
    for (const stop of slow) if (!over(walk)) await tryAddress(walk, stop, false);
    return undefined;
  } catch (fault) {
    if (walk.decided.size === 0) throw fault;
    return { fault };
  }
}

function begin(work: Work, options: WalkOptions): Walk {
  return {
    ...options,
    work,
    undecided: new Map(work.recipients.map((index) => [index, undefined])),
    decided: new Map(),
    hosts: [],
    greetings: [],
    vias: new Map(),
    sessions: [],
    closing: [],
    crowded: false,
  };
}

/** One address of a host. */
interface Stop {
  readonly kind: "dial";
  readonly planned: PlannedHost;
  readonly address: string;
}

function stopsAt(host: PlannedHost | RuledOut): readonly (Stop | RuledOut)[] {
  if (host.kind === "out") return [host];
  return host.addresses.map((address) => ({ kind: "dial", planned: host, address }));
}

function over(walk: Walk): boolean {
  return walk.undecided.size === 0 || walk.crowded || walk.signal?.aborted === true;
}

function ruleOut(walk: Walk, out: RuledOut): void {
  const { outcome, decision } = out;
  const missed: NotReached = outcome.why === "decision" ? "decision" : "dns";
  const { host } = outcome;
  const record = refusalRecord(out);
  if (record !== undefined) walk.sessions.push(record);
  note(walk, outcome, { tls: tlsWord(decision, missed), because: decision.because.map(sayBecause), host });
}

/** All rungs at one address; sessions follow each other while one of them makes headway. */
async function tryAddress(walk: Walk, { planned, address }: Stop, hurried: boolean): Promise<"left" | "slow"> {
  const dialled = dialledAt(walk, { planned, address }, hurried);
  const begun = walk.clock?.monotonic() ?? 0;
  let fresh = false;
  for (let rung: number | undefined = 0; rung !== undefined; ) {
    const idle = fresh ? undefined : walk.connections?.take(dialled.target, planned.decision);
    const session = idle ?? (await openRung(walk, dialled, rung));
    if (session === undefined) return "left";
    if ("kind" in session) {
      const failure: SessionFailure = session;
      const next = nextRung(planned.decision.ladder, rung, failure);
      if (next === undefined) leaveAddress(walk, dialled, failure, planned.decision.ladder[rung] as Rung);
      if (failure.stage === "connect" && tookTooLong(walk, dialled, begun)) return "slow";
      rung = next;
      continue;
    }
    const used = await useSession(walk, dialled, { session, idle: idle !== undefined });
    // What was idle may have ended without our seeing it; that is no trouble of the host.
    if (used === "stale") fresh = true;
    else if (used === "done" || walk.undecided.size === 0) return "left";
  }
  return "left";
}

function dialledAt({ clock, patience = PATIENCE }: Walk, stop: Omit<Stop, "kind">, hurried: boolean): Dialled {
  const { planned, address } = stop;
  const { name, port, mode } = planned.host;
  const { convert: _convert, ...way } = planned.way ?? {};
  const hurry = hurried && clock !== undefined ? { patience } : {};
  return { planned, target: { host: name, address, port, mode, ...way, ...hurry } };
}

function tookTooLong({ clock }: Walk, { target }: Dialled, begun: Millis): boolean {
  return clock !== undefined && target.patience !== undefined && clock.monotonic() - begun >= target.patience;
}

/** A new connection; undefined where the address has its share of them. */
async function openRung(
  walk: Walk,
  dialled: Dialled,
  rung: number,
): Promise<ClientSession | SessionFailure | undefined> {
  const { planned, target } = dialled;
  walk.crowded ||= walk.connections?.enter(target.address) === false;
  if (walk.crowded) return undefined;
  let session: ClientSession | SessionFailure | undefined;
  try {
    session = await walk.openSession(target, planned.decision, planned.decision.ladder[rung] as Rung, walk.signal);
  } finally {
    if (session === undefined || "kind" in session) walk.connections?.leave(target.address);
    else walk.connections?.opened(session);
  }
  const record = sessionRecord(dialled, session, planned.decision.ladder[rung] as Rung);
  if (record !== undefined) walk.sessions.push(record);
  return session;
}

function leaveAddress(walk: Walk, dialled: Dialled, failure: SessionFailure, rung: Rung): void {
  const outcome = hostOutcome(dialled.target.host, failure, rung);
  if (failure.stage === "greeting" && mayBeFinal(dialled.planned)) walk.greetings.push(outcome);
  note(walk, outcome, viaOf(dialled, tlsWord(dialled.planned.decision, failure.stage)));
}

/**
 * A greeting in the clear proves nobody: where TLS is required, whoever stands between could bounce mail with it. With
 * REQUIRETLS they can do so anyway (RFC 8689 §4.2.1).
 */
function mayBeFinal({ decision, host }: PlannedHost): boolean {
  return decision.floor.kind === "any" || host.mode === "implicit" || decision.requireTls === true;
}

/** Everybody's outcome; only a walk that came to its end, with `all` tried, fails for want of a host. */
function ended(walk: Walk, all: boolean): ReadonlyMap<number, RecipientOutcome> {
  const outcomes = new Map(walk.decided);
  if (walk.undecided.size === 0) return outcomes;
  const demand = walk.work.binding ?? walk.work.envelope.demand;
  const end = walk.hosts.length === 0 ? undefined : endWithoutHost(walk, demand, all);
  const via = (end === undefined ? undefined : walk.vias.get(end.host)) ?? NOWHERE;
  const nothing = statusOf(walk.crowded ? "system-busy" : "local-error");
  for (const [index, known] of walk.undecided) {
    if (known !== undefined && end?.kind !== "fail") outcomes.set(index, known);
    else {
      const status = end?.status ?? nothing;
      const soon = walk.crowded && end?.kind !== "fail" ? ({ soon: true } as const) : {};
      outcomes.set(index, { end: end?.kind === "fail" ? "failed" : "deferred", ...soon, status, via });
    }
  }
  return outcomes;
}

const NOWHERE: Via = { tls: "may:!decision", because: [] };
/** Addresses dialled for one attempt; RFC 5321 §5.1 asks for two at least. */
const MOST_ADDRESSES = 12;
/** Three tries of a lost SYN fall into it. */
const PATIENCE: Millis = 5000;
