import { type Bytes, concat, utf8 } from "../../base/mod.ts";
import { formatBdat, type Reply } from "../grammar/mod.ts";
import { remoteStatus } from "./outcome.ts";
import type { ChunkProgress, ClientEffect, ClientState, SessionFacts, Step, Transaction } from "./state.ts";
import { stuff } from "./stuff.ts";
import { breakOff, classOf, finding, finish, hostAfter, protocolError, unexpected } from "./transitions.ts";

type Waiting<K extends ClientState["kind"]> = Extract<ClientState, { readonly kind: K }>;

/** The server is ready for the content, or is about to be asked for a chunk. */
export function startContent(waiting: Waiting<"await-envelope">): Step {
  const { session, transaction } = waiting;
  const { plan, accepted } = transaction;
  if (accepted.length === 0 && session.options.protocol === "lmtp") {
    // RFC 2033 §4.2: DATA without an accepted recipient must fail, and no reply would answer the dot.
    const text = "the host takes content although it accepted no recipient";
    return breakOff(
      waiting,
      transaction.refusal ?? finding(session, "peer-protocol-error", text),
      hostAfter(transaction),
    );
  }
  if (plan.via === "data" && accepted.length === 0) {
    // RFC 2920 §3.1: 354 although nobody was accepted is answered with a single dot.
    return awaitEnd(session, transaction, [END]);
  }
  if (plan.via === "data") {
    const state: ClientState = { kind: "await-data-content", session, transaction, place: "start", sent: 0 };
    return { state, effects: [blockDeadline(session), { kind: "pull" }] };
  }
  const chunks: ChunkProgress = { sent: 0, outstanding: 0, held: [], heldLength: 0, pulling: true, complete: false };
  const state: ClientState = { kind: "await-bdat-content", session, transaction, chunks };
  return { state, effects: [blockDeadline(session), { kind: "pull" }] };
}

export function onDataContent(state: Waiting<"await-data-content">, octets: Bytes, last: boolean): Step {
  const { session, transaction } = state;
  const sent = state.sent + octets.length;
  const stuffed = stuff(state.place, octets);
  if (stuffed.place === "fault" || (last && stuffed.place !== "start")) {
    // RFC 5321 §2.3.8: better no message than one that another server may cut in two.
    const text = "the content has a CR or LF outside CRLF, or does not end in CRLF";
    return breakOff(state, finding(session, "conversion-required", text), "ok");
  }
  const size = sizeFault(transaction, sent, last);
  if (size !== undefined) return breakOff(state, finding(session, "local-error", size), "ok");
  if (last) return awaitEnd(session, transaction, [...stuffed.parts, END]);
  return {
    state: { ...state, place: stuffed.place, sent },
    effects: [{ kind: "write", parts: stuffed.parts }, blockDeadline(session), { kind: "pull" }],
  };
}

/** Any reply while the content is still going out, except 421, which was looked at before. */
export function onEarlyReply(state: Waiting<"await-data-content">, reply: Reply): Step {
  // A refusal is believed, a success before the end of the content is not.
  if (classOf(reply) >= 4) return breakOff(state, remoteStatus(reply, state.session.options.peer));
  return unexpected(state, "content before its end", reply);
}

/** Collects a whole chunk before its BDAT goes, so that none is left half sent. */
export function onBdatContent(state: Waiting<"await-bdat-content">, octets: Bytes, last: boolean): Step {
  const { session, transaction, chunks } = state;
  if (chunks.refusal !== undefined) return { state, effects: [] };
  const length = chunks.heldLength + octets.length;
  const fault = sizeFault(transaction, chunks.sent + length, last);
  if (fault !== undefined) return breakOff(state, finding(session, "local-error", fault), "ok");
  const held = octets.length === 0 ? chunks.held : [...chunks.held, octets];
  return sendChunks({ ...state, chunks: { ...chunks, held, heldLength: length, pulling: false, complete: last } });
}

/** A reply to the oldest BDAT without one. */
export function onBdatReply(state: Waiting<"await-bdat-content">, reply: Reply): Step {
  const { session, transaction, chunks } = state;
  if (classOf(reply) === 3) return unexpected(state, "BDAT", reply);
  if (chunks.outstanding === 0) {
    if (classOf(reply) === 2) return protocolError(state, "the host answered a BDAT before it was sent", reply);
    return breakOff(state, remoteStatus(reply, session.options.peer));
  }
  const refused = classOf(reply) === 2 ? undefined : remoteStatus(reply, session.options.peer);
  const refusal = chunks.refusal ?? refused;
  const next: ChunkProgress = { ...chunks, outstanding: chunks.outstanding - 1 };
  if (refusal === undefined) return sendChunks({ ...state, chunks: next });
  // RFC 3030 §2: no further chunk after a refused one; those on their way are answered too, then comes RSET.
  if (next.outstanding === 0) return finish(session, transaction, { undecided: refusal, dirty: true });
  const effects: ClientEffect[] = [{ kind: "deadline", after: session.options.timeouts.final, what: REPLY_TO_BDAT }];
  return { state: { ...state, chunks: { ...next, refusal, held: [], heldLength: 0 } }, effects };
}

/** A reply to the whole content: to the final dot, or to the last BDAT. */
export function onEndReply(state: Waiting<"await-end">, reply: Reply): Step {
  const { session } = state;
  if (classOf(reply) === 3) return unexpected(state, "the end of the content", reply);
  const status = remoteStatus(reply, session.options.peer);
  const taken = state.taken || classOf(reply) === 2;
  const answered = state.answered + 1;
  // RFC 2033 §4.2, §4.3: one reply for each accepted recipient, in the order of their RCPTs.
  const index = session.options.protocol === "lmtp" ? state.transaction.accepted[state.answered] : undefined;
  const { settled: before } = state.transaction;
  const transaction =
    index === undefined ? state.transaction : { ...state.transaction, settled: { index, status, before } };
  if (index !== undefined && answered < transaction.accepted.length) {
    return { state: { ...state, transaction, answered, taken }, effects: [endDeadline(session)] };
  }
  const undecided = transaction.refusal ?? status;
  // RFC 5321 §4.1.1.4: the end of the content ends the transaction. RFC 3030 §2: after a refused BDAT only RSET does.
  const dirty = transaction.plan.via === "bdat" && !taken;
  return finish(session, transaction, { undecided, dirty, host: hostAfter(transaction) });
}

/** Sends all chunks that are whole and may go now. */
function sendChunks(state: Waiting<"await-bdat-content">): Step {
  const { session, transaction } = state;
  const { size } = transaction.plan;
  const parts: Bytes[] = [];
  let chunks = state.chunks;
  for (;;) {
    const length = Math.min(size - chunks.sent, session.options.chunkSize);
    const last = chunks.sent + length === size;
    const whole = chunks.heldLength >= length && (chunks.complete || !last);
    if (!whole || !mayBegin(session, chunks, last)) break;
    const held = concat(chunks.held);
    parts.push(utf8(formatBdat(length, { last })), held.subarray(0, length));
    if (last) return awaitEnd(session, transaction, parts);
    chunks = {
      ...chunks,
      sent: chunks.sent + length,
      outstanding: chunks.outstanding + 1,
      held: held.length > length ? [held.subarray(length)] : [],
      heldLength: held.length - length,
    };
  }
  const effects: ClientEffect[] = parts.length > 0 ? [{ kind: "write", parts }] : [];
  const waiting = chunks.heldLength >= session.options.chunkSize || chunks.complete;
  if (waiting || chunks.pulling) {
    effects.push({ kind: "deadline", after: session.options.timeouts.final, what: REPLY_TO_BDAT });
    return { state: { ...state, chunks }, effects };
  }
  effects.push(blockDeadline(session), { kind: "pull" });
  return { state: { ...state, chunks: { ...chunks, pulling: true } }, effects };
}

/** The last chunk waits until all others are accepted, so that its success can mean only the whole message. */
function mayBegin({ extensions }: SessionFacts, { outstanding }: ChunkProgress, last: boolean): boolean {
  if (outstanding === 0) return true;
  return extensions.pipelining && !last && outstanding < MOST_CHUNKS_AHEAD;
}

function awaitEnd(session: SessionFacts, transaction: Transaction, parts: readonly Bytes[]): Step {
  return {
    state: { kind: "await-end", session, transaction, answered: 0, taken: false },
    effects: [{ kind: "write", parts }, endDeadline(session)],
  };
}

function endDeadline({ options }: SessionFacts): ClientEffect {
  return { kind: "deadline", after: options.timeouts.final, what: "the reply to the end of the content" };
}

function blockDeadline({ options }: SessionFacts): ClientEffect {
  return { kind: "deadline", after: options.timeouts.block, what: "a block of content to leave" };
}

/** The size was promised with SIZE= and decides where chunks end; content that differs was damaged at our side. */
function sizeFault({ plan }: Transaction, arrived: number, last: boolean): string | undefined {
  if (arrived === plan.size || (arrived < plan.size && !last)) return undefined;
  return `the stored content has ${last ? "" : "at least "}${arrived} octets instead of ${plan.size}`;
}

const END: Bytes = utf8(".\r\n");
const REPLY_TO_BDAT = "the reply to BDAT";
const MOST_CHUNKS_AHEAD = 4;
