import type { Bytes, Clock, Millis } from "../base/mod.ts";
import type { Envelope, TlsDemand } from "../mail/mod.ts";
import type { ConvertTo7Bit } from "../mime/mod.ts";
import { type HostOutcome, type Proceed, type Rung, sayBecause, type Taking } from "../policy/mod.ts";
import type { ClientSession, SessionFailure, Target } from "../smtp/client/mod.ts";
import type { Status } from "../status/mod.ts";
import type { TlsSession } from "../tls/mod.ts";
import type { SessionRecord } from "../tlsrpt/mod.ts";
import type { End } from "./outcome.ts";
import type { PlannedHost } from "./plan.ts";

/** A target, and how long a connection to it may take where another one waits for its turn. */
export interface DialTarget extends Target {
  readonly patience?: Millis;
}

/** Opens a session on one rung of the decision's ladder; never rejects for what the peer does. */
export type OpenSession = (
  target: DialTarget,
  decision: Proceed,
  rung: Rung,
  signal?: AbortSignal,
) => Promise<ClientSession | SessionFailure>;

/** The connections of this program: those that wait for another message, and how many there may be. */
export interface Connections {
  /** An idle session to this target that was opened under an equal decision; whoever takes it has its place. */
  take(target: Target, decision: Proceed): ClientSession | undefined;
  /** A place for a new connection to an address; false when it has its share. */
  enter(address: string): boolean;
  /** Gives a place back. */
  leave(address: string): void;
  /** A new session has come of such a place; from now on its age counts. */
  opened(session: ClientSession): void;
  /** Leaves a session, with its place, to the next message, or ends it. */
  keep(session: ClientSession, decision: Proceed): Promise<void>;
}

/** What a walk over hosts needs beside the work. */
export interface WalkOptions {
  readonly openSession: OpenSession;
  /** Without it every message has its own sessions. */
  readonly connections?: Connections;
  /** Turns content into 7-bit for hosts whose route allows it. */
  readonly convert?: ConvertTo7Bit;
  /** With it, a connection that takes longer than `patience` waits while other addresses remain (RFC 8305 §5). */
  readonly clock?: Pick<Clock, "monotonic">;
  /** Default 5 s. */
  readonly patience?: Millis;
  /** How far REQUIRETLS is taken; default: as RFC 8689 has it. */
  readonly taking?: Pick<Taking, "requireTls">;
  readonly signal?: AbortSignal;
}

/** One message to one destination. */
export interface Work {
  readonly envelope: Envelope;
  /** What binds this delivery, where that is less than what the envelope asks for (RFC 8689 §5). */
  readonly binding?: TlsDemand;
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
  /**
   * What a delivered recipient has come to: its mailbox, a host that gives notices of its own, or one that does not
   * (RFC 3461 §5.2.2, §6.2).
   */
  readonly reach?: "mailbox" | "relayed-dsn" | "relayed";
  /** The host wants the same again after a short while (RFC 6647 §2). */
  readonly soon?: true;
  readonly status: Status;
  readonly via: Via;
}

/** What is known while the hosts of a plan are tried. */
export interface Walk extends WalkOptions {
  readonly work: Work;
  /** Recipients without a final answer, with the newest temporary one. */
  readonly undecided: Map<number, RecipientOutcome | undefined>;
  readonly decided: Map<number, RecipientOutcome>;
  readonly hosts: HostOutcome[];
  /** Those of `hosts` that refused every session, as far as they may be believed. */
  readonly greetings: HostOutcome[];
  /** Where the newest failure of each host was. */
  readonly vias: Map<string, Via>;
  readonly sessions: SessionRecord[];
  readonly closing: Promise<void>[];
  /** An address that was due has its share of connections. */
  crowded: boolean;
  /** The work as 7-bit content, or why it cannot be; made when a host first needs it. */
  converted?: ReturnType<ConvertTo7Bit>;
}

/** A host at the address that is tried now. */
export interface Dialled {
  readonly planned: PlannedHost;
  readonly target: DialTarget;
}

export function note(walk: Walk, outcome: HostOutcome, via: Via): void {
  walk.hosts.push(outcome);
  walk.vias.set(outcome.host, via);
}

export function viaOf({ planned, target }: Dialled, tls: string, session?: TlsSession): Via {
  return {
    tls,
    because: planned.decision.because.map(sayBecause),
    host: target.host,
    address: target.address,
    ...(session === undefined ? {} : { session }),
  };
}
