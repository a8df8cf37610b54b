import type { Bytes } from "../../base/mod.ts";
import type { ContentFacts } from "../../mail/mod.ts";
import { finality, type Status, statusOf } from "../../status/mod.ts";
import type { Command } from "../grammar/mod.ts";
import { ABORT, fault, faultOf, idle, leave, RESET, say, sayAndGoOn, sayPlain, type Turn, turn } from "./_turn.ts";
import { violation } from "./pipelining.ts";
import type { Chunk, CommandState, Intake, ServerState, Transaction } from "./state.ts";

type Bdat = Extract<Command, { readonly verb: "BDAT" }>;
type InTransaction = Extract<ServerState, { readonly kind: "in-transaction" }>;
type AwaitSink = Extract<ServerState, { readonly kind: "await-sink" }>;
type Receiving = Extract<ServerState, { readonly kind: "receiving-data" | "receiving-chunk" }>;

/** DATA: asks the house for a sink (RFC 5321 §4.1.1.4). */
export function data(state: InTransaction): Turn {
  const { session, transaction } = state;
  // RFC 3030 §3: binary content comes by BDAT alone.
  if (transaction.request.body === "binarymime") return faultOf(state, "bad-sequence", "BINARYMIME needs BDAT");
  if (transaction.accepted === 0) return fault(state, noRecipients(transaction));
  return turn({ kind: "await-sink", session, transaction, chunk: undefined }, { kind: "ask-sink" });
}

/** BDAT: whatever is wrong, its octets are consumed before it is answered (RFC 3030 §2). */
export function bdat(state: CommandState, command: Bdat, objection: Status | undefined): Turn {
  const { session } = state;
  const chunk = { size: command.size, last: command.last };
  if (objection === undefined && state.kind === "chunk-expected") return startChunk(state.session, state.intake, chunk);
  if (objection === undefined && state.kind === "in-transaction" && state.transaction.accepted > 0) {
    return turn({ kind: "await-sink", session, transaction: state.transaction, chunk }, { kind: "ask-sink" });
  }
  const refusal = objection ?? (state.kind === "in-transaction" ? noRecipients(state.transaction) : OUT_OF_ORDER);
  const left = leave(state);
  const intake = { size: 0, refusal, open: left.length > 0 };
  const abort = left.includes(ABORT) ? [ABORT] : [];
  return turn({ kind: "receiving-chunk", session, intake, chunk }, ...abort);
}

/** The house's answer to DATA or the first BDAT. */
export function sinkAnswered(state: AwaitSink, refusal: Status | undefined, behind: boolean): Turn {
  const { session, chunk } = state;
  const intake = { size: 0, refusal, open: true };
  if (chunk !== undefined) return startChunk(session, intake, chunk);
  const receiving: ServerState = { kind: "receiving-data", session, intake };
  // RFC 2920 §3.1: DATA is the last of its group; content comes after 354.
  if (behind) return violation(receiving);
  if (refusal !== undefined) return sayAndEnd(state, refusal);
  return turn(receiving, sayPlain(354, "Send the message, end with CRLF.CRLF"));
}

/** Content on its way to the sink; too much of it is read, dropped and refused at the end (RFC 1870 §6.3). */
export function content(state: Receiving, octets: Bytes): Turn {
  const size = state.intake.size + octets.length;
  const intake = { ...state.intake, size };
  if (intake.refusal !== undefined) return turn({ ...state, intake });
  if (size > state.session.config.limits.messageSize) {
    return turn({ ...state, intake: { ...intake, refusal: TOO_BIG } }, ABORT);
  }
  return turn({ ...state, intake }, { kind: "write", octets });
}

/** The sink broke: the rest of the content is read for the framing alone. */
export function sinkFailed(state: Receiving, status: Status): Turn {
  return turn({ ...state, intake: { ...state.intake, refusal: status } });
}

/** The end of data, or of a chunk. */
export function contentEnded(state: Receiving, facts: ContentFacts, behind: boolean): Turn {
  const { session, intake } = state;
  if (behind && !session.pipelining) return violation(state);
  if (intake.refusal !== undefined) {
    return state.kind === "receiving-data" ? sayAndEnd(state, intake.refusal) : chunkRefused(state, intake.refusal);
  }
  if (state.kind === "receiving-data") {
    // RFC 5321 §2.3.8
    if (facts.bareCrLf) return turn(idle(session), ABORT, RESET, say(BARE_CR_LF));
    return turn({ kind: "await-finish", session }, { kind: "finish", facts });
  }
  if (state.chunk.last) return turn({ kind: "await-finish", session }, { kind: "finish", facts });
  const received = statusOf("ok", `${state.chunk.size} octets received`);
  return turn({ kind: "chunk-expected", session, intake }, say(received));
}

/** The house's verdict on the whole message. */
export function finished(
  state: Extract<ServerState, { readonly kind: "await-finish" }>,
  status: Status,
  behind: boolean,
): Turn {
  const session = finality(status) === "success" ? { ...state.session, junk: 0 } : state.session;
  const done = sayAndEnd({ ...state, session }, status);
  if (!behind || state.session.pipelining || done.state.kind === "closed") return done;
  // The message's own reply is true and stands; the session goes no further.
  const ended = violation(done.state);
  return turn(ended.state, ...done.effects, ...ended.effects);
}

function startChunk(session: AwaitSink["session"], intake: Intake, chunk: Chunk): Turn {
  const state: ServerState = { kind: "receiving-chunk", session, intake, chunk };
  if (intake.refusal !== undefined || intake.size + chunk.size <= session.config.limits.messageSize) return turn(state);
  return turn({ ...state, intake: { ...intake, refusal: TOO_BIG } }, ABORT);
}

/** RFC 3030 §2: after a failed BDAT the transaction is over; further ones get 503. */
function chunkRefused(state: Receiving, refusal: Status): Turn {
  const left = leave(state);
  const next = idle(state.session);
  const said = fault(next as CommandState, refusal);
  return turn(said.state, ...left, ...said.effects);
}

/** Ends the transaction with its reply. */
function sayAndEnd(state: ServerState & { readonly session: AwaitSink["session"] }, status: Status): Turn {
  const said = sayAndGoOn(idle(state.session), status);
  return turn(said.state, ...leave(state), ...said.effects);
}

function noRecipients(transaction: Transaction): Status {
  // RFC 5321 §3.3
  return transaction.tried ? statusOf("no-valid-recipients") : statusOf("bad-sequence", "RCPT comes first");
}

const OUT_OF_ORDER = statusOf("bad-sequence");
const TOO_BIG = statusOf("message-too-big");
const BARE_CR_LF = statusOf("bare-cr-lf");
