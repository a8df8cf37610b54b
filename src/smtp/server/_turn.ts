import { unreachable } from "../../base/mod.ts";
import type { Limit } from "../../observe/mod.ts";
import { type Cause, type Status, statusOf } from "../../status/mod.ts";
import { formatReply, formatStatus } from "../grammar/mod.ts";
import type { ServerEffect, Step } from "./effect.ts";
import type { CommandState, ServerState, Session } from "./state.ts";

/** The result of one step of the session. */
export type Turn = Step<ServerState>;

export function turn(state: ServerState, ...effects: readonly ServerEffect[]): Turn {
  return { state, effects };
}

/** A reply with its enhanced code (RFC 2034 §4). */
export function say(status: Status): ServerEffect {
  return { kind: "reply", wire: formatStatus(status), status };
}

/** A reply where no enhanced code may stand: the greeting, EHLO, HELO and 3yz (RFC 2034 §4). */
export function sayPlain(code: number, ...lines: readonly string[]): ServerEffect {
  return { kind: "reply", wire: formatReply({ code, lines }) };
}

/** An outcome of ours told where no enhanced code may stand. */
export function sayBare(status: Status): ServerEffect {
  return { kind: "reply", wire: formatReply({ code: status.code, lines: [status.text] }), status };
}

/** The state without a transaction. */
export function idle(session: Session): ServerState {
  return { kind: session.peer.hello === undefined ? "hello-expected" : "ready", session };
}

/** What ends the transaction that `state` holds, whatever became of it (RFC 5321 §4.1.1.5). */
export function leave(state: ServerState): readonly ServerEffect[] {
  switch (state.kind) {
    case "in-transaction":
    case "await-recipient":
    case "await-sink":
    case "await-finish":
      return [RESET];
    case "receiving-data":
    case "receiving-chunk":
    case "chunk-expected":
      if (!state.intake.open) return [];
      return state.intake.refusal === undefined ? [ABORT, RESET] : [RESET];
    case "await-admission":
    case "turned-away":
    case "hello-expected":
    case "ready":
    case "await-sender":
    case "await-tls":
    case "closed":
      return [];
    default:
      return unreachable(state);
  }
}

/** Ends the transaction and the connection with a last reply. */
export function hangUp(state: ServerState, status: Status): Turn {
  return turn({ kind: "closed" }, ...leave(state), say(status), CLOSE);
}

/** Ends the session for a bound that its client has reached. */
export function endFor(limit: Limit, state: ServerState, status: Status): Turn {
  const ended = hangUp(state, status);
  return turn(ended.state, { kind: "limited", limit, text: status.text }, ...ended.effects);
}

/** Says `status`, and goes on in `state` unless it is a 421, which ends the connection (RFC 5321 §3.8). */
export function sayAndGoOn(state: ServerState, status: Status): Turn {
  return status.code === 421 ? hangUp(state, status) : turn(state, say(status));
}

/** Answers a mistake of the client; too many of them end the session. */
export function fault(state: CommandState, status: Status): Turn {
  const session = { ...state.session, errors: state.session.errors + 1 };
  if (session.errors > session.config.limits.errors) {
    return endFor("mistakes", state, statusOf("too-many-errors"));
  }
  return sayAndGoOn({ ...state, session }, status);
}

/** A fault that needs nothing but its cause. */
export function faultOf(state: CommandState, cause: Cause, text?: string): Turn {
  return fault(state, statusOf(cause, text));
}

export const ABORT: ServerEffect = { kind: "abort" };
export const RESET: ServerEffect = { kind: "reset" };
/** Ends the connection once everything said is out. */
export const CLOSE: ServerEffect = { kind: "close", flush: true };
/** Ends the connection without another word. */
export const CUT: ServerEffect = { kind: "close", flush: false };
