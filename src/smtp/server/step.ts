import { unreachable } from "../../base/mod.ts";
import { type Status, statusOf } from "../../status/mod.ts";
import { CLOSE, CUT, endFor, hangUp, idle, leave, say, sayBare, sayPlain, type Turn, turn } from "./_turn.ts";
import type { ServerConfig } from "./config.ts";
import { content, contentEnded, finished, sinkAnswered, sinkFailed } from "./content.ts";
import { recipientAnswered, senderAnswered } from "./envelope.ts";
import type { ServerInput, TimeLimit } from "./input.ts";
import { line, lineFault } from "./line.ts";
import { violation } from "./pipelining.ts";
import type { Peer } from "./reception.ts";
import type { CommandState, ServerState, Session } from "./state.ts";

/** The first step of a connection: who is it, and may it come in? TLS of an implicit listener is in place by now. */
export function open(config: ServerConfig, peer: Peer): Turn {
  const session: Session = {
    config,
    peer,
    pipelining: false,
    transactions: 0,
    errors: 0,
    refusedRecipients: 0,
    junk: 0,
  };
  return turn({ kind: "await-admission", session }, { kind: "ask-admission", peer });
}

/**
 * The SMTP server session (RFC 5321 §4.1, §4.3) as a pure machine. An input that the state cannot get is a bug of the
 * driver and throws.
 */
export function step(state: ServerState, input: ServerInput): Turn {
  switch (input.kind) {
    case "line":
      return line(reading(state, input), input.text, input.behind);
    case "line-fault":
      return lineFault(reading(state, input), input.fault, input.behind);
    case "content":
      return content(inState(state, input, "receiving-data", "receiving-chunk"), input.octets);
    case "content-end":
      return contentEnded(inState(state, input, "receiving-data", "receiving-chunk"), input.facts, input.behind);
    case "sink-failed":
      return sinkFailed(inState(state, input, "receiving-data", "receiving-chunk"), input.status);
    case "admission":
    case "sender":
    case "recipient":
    case "sink":
    case "finished":
      return answered(state, input);
    case "tls":
      return secured(inState(state, input, "await-tls"), input.tls);
    case "tls-unavailable":
      // RFC 3207 §4
      return turn(idle(inState(state, input, "await-tls").session), say(statusOf("tls-unavailable")));
    case "deadline":
      return expired(state, input.limit);
    case "shutdown":
      return hangUp(state, statusOf("shutting-down"));
    case "lost":
      return cut(state);
    default:
      return unreachable(input);
  }
}

type Answer = Extract<ServerInput, { readonly kind: "admission" | "sender" | "recipient" | "sink" | "finished" }>;

function answered(state: ServerState, input: Answer): Turn {
  switch (input.kind) {
    case "admission":
      return admitted(inState(state, input, "await-admission").session, input.refusal, input.behind);
    case "sender":
      return orViolation(senderAnswered(inState(state, input, "await-sender"), input.refusal), input.behind);
    case "recipient":
      return orViolation(recipientAnswered(inState(state, input, "await-recipient"), input.status), input.behind);
    case "sink":
      return sinkAnswered(inState(state, input, "await-sink"), input.refusal, input.behind);
    case "finished":
      return finished(inState(state, input, "await-finish"), input.status, input.behind);
    default:
      return unreachable(input);
  }
}

/** The greeting, or its refusal. */
function admitted(session: Session, refusal: Status | undefined, behind: boolean): Turn {
  // RFC 5321 §4.3.1: the client waits for the greeting.
  if (behind) return turn({ kind: "closed" }, say(statusOf("early-talker")), CLOSE);
  if (refusal === undefined) {
    return turn({ kind: "hello-expected", session }, sayPlain(220, `${session.config.hostname} ESMTP`));
  }
  // RFC 2034 §4: no enhanced code in the greeting.
  const said = sayBare(refusal);
  if (refusal.code === 421) return turn({ kind: "closed" }, said, CLOSE);
  // RFC 5321 §3.1: the client is still owed the answer to its QUIT.
  return turn({ kind: "turned-away", session }, said);
}

/** What was learnt without TLS is forgotten (RFC 3207 §4.2); only the counters stay. */
function secured(state: Extract<ServerState, { readonly kind: "await-tls" }>, tls: NonNullable<Peer["tls"]>): Turn {
  const { hello: _hello, identity: _identity, ...connection } = state.session.peer;
  const peer = { ...connection, tls };
  return turn({ kind: "hello-expected", session: { ...state.session, peer, pipelining: false } });
}

/** The outcome, unless the client went on talking while it had to wait. */
function orViolation(outcome: Turn, behind: boolean): Turn {
  if (!behind || outcome.state.kind === "closed" || outcome.state.session.pipelining) return outcome;
  return violation(outcome.state);
}

/** RFC 5321 §4.5.3.2.7: 421, but for a handshake, which has no words. */
function expired(state: ServerState, limit: TimeLimit): Turn {
  if (state.kind !== "await-tls") return endFor(limit, state, statusOf("idle-timeout", TOO_LONG[limit]));
  const ended = cut(state);
  return turn(ended.state, { kind: "limited", limit, text: TOO_LONG[limit] }, ...ended.effects);
}

function cut(state: ServerState): Turn {
  return turn({ kind: "closed" }, ...leave(state), CUT);
}

function reading(state: ServerState, input: ServerInput): CommandState {
  return inState(state, input, "turned-away", "hello-expected", "ready", "in-transaction", "chunk-expected");
}

function inState<K extends ServerState["kind"]>(
  state: ServerState,
  input: ServerInput,
  ...kinds: readonly K[]
): Extract<ServerState, { readonly kind: K }> {
  if (kinds.some((kind) => kind === state.kind)) return state as Extract<ServerState, { readonly kind: K }>;
  throw new Error(`The session got ${JSON.stringify(input.kind)} in ${JSON.stringify(state.kind)}`);
}

const TOO_LONG: { readonly [limit in TimeLimit]: string } = {
  "command-time": "Idle for too long",
  "connection-time": "The connection has lasted for too long",
  "content-rate": "The content comes in too slowly",
  "handshake-time": "The TLS handshake takes too long",
};
