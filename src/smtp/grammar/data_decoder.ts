import type { Bytes } from "../../base/mod.ts";

/** What one piece of the stream after DATA held. */
export interface DataStep {
  /** Content, dots removed, as views into the piece wherever possible. */
  readonly content: readonly Bytes[];
  /** Offset of the first octet behind the end of data; undefined while the end has not come. */
  readonly end?: number;
}

/**
 * Takes the dots out of the stream after DATA and finds its end: CRLF "." CRLF and nothing else (RFC 5321 §4.1.1.4, §4.5.2).
 * States, named for what came last: `line-start` (a CRLF, or nothing yet), `dot` and `dot-cr` (held back at a line's start),
 * `cr` (a CR inside a line), `text`.
 */
export interface DataDecoder {
  decode(piece: Bytes): DataStep;
}

export function dataDecoder(): DataDecoder {
  let state: State = "line-start";
  return {
    decode(piece) {
      const step = decode(asBuffer(piece), state);
      state = step.state;
      return step;
    },
  };
}

type State = "line-start" | "dot" | "dot-cr" | "cr" | "text";

function decode(piece: Buffer, before: State): DataStep & { readonly state: State } {
  const content: Bytes[] = [];
  let state = before;
  let start = 0;
  let at = 0;
  while (at < piece.length) {
    const octet = piece[at];
    if (state === "text") {
      const stop = piece.indexOf(CRLF_DOT, at);
      if (stop < 0) {
        state = lastOf(piece, at);
        break;
      }
      at = stop + 2;
      state = "line-start";
    } else if (state === "line-start") {
      if (octet === DOT) {
        if (at > start) content.push(piece.subarray(start, at));
        at++;
        start = at;
        state = "dot";
      } else {
        state = "text";
      }
    } else if (state === "dot") {
      if (octet === CR) at++;
      state = octet === CR ? "dot-cr" : "text";
    } else if (state === "dot-cr") {
      // RFC 5321 §4.1.1.4: CRLF "." CRLF alone ends the data.
      if (octet === LF) return { content, end: at + 1, state: "line-start" };
      if (at === 0) content.push(HELD_CR);
      start = at === 0 ? 0 : at - 1;
      state = "text";
    } else {
      if (octet === LF) at++;
      state = octet === LF ? "line-start" : "text";
    }
  }
  const held = state === "dot-cr" && start < piece.length ? 1 : 0;
  if (start < piece.length - held) content.push(piece.subarray(start, piece.length - held));
  return { content, state };
}

/** The state after a text that runs from `from` to the end of the piece. */
function lastOf(piece: Buffer, from: number): State {
  const last = piece[piece.length - 1];
  if (last === CR) return "cr";
  return last === LF && piece.length - from >= 2 && piece[piece.length - 2] === CR ? "line-start" : "text";
}

function asBuffer(piece: Bytes): Buffer {
  return Buffer.isBuffer(piece) ? piece : Buffer.from(piece.buffer, piece.byteOffset, piece.length);
}

const CR = 13;
const LF = 10;
const DOT = 46;
const CRLF_DOT = Buffer.from("\r\n.", "latin1");
const HELD_CR: Bytes = Uint8Array.of(CR);
