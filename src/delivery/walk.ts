import type { Bytes } from "../base/mod.ts";
import type { Envelope } from "../mail/mod.ts";
import { type HostOutcome, type Proceed, type Rung, sayBecause } from "../policy/mod.ts";
import type { ClientSession, SessionFailure, Target } from "../smtp/client/mod.ts";
import type { Status } from "../status/mod.ts";
import type { TlsSession } from "../tls/mod.ts";
import type { End } from "./outcome.ts";
import type { PlannedHost } from "./plan.ts";

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
  /**
   * What a delivered recipient has come to: its mailbox, a host that gives notices of its own, or one that does not
   * (RFC 3461 §5.2.2, §6.2).
   */
  readonly reach?: "mailbox" | "relayed-dsn" | "relayed";
  readonly status: Status;
  readonly via: Via;
}

/** What is known while the hosts of a plan are tried. */
export interface Walk {
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

/** A host at the address that is tried now. */
export interface Dialled {
  readonly planned: PlannedHost;
  readonly target: Target;
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
