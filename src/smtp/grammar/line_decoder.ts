import { isAscii } from "node:buffer";
import { type Bytes, fromStrictUtf8 } from "../../base/mod.ts";
import type { Cutter } from "./_cutter.ts";

/** `tls`: the client begins a handshake where commands are read. */
export type LineFault = "too-long" | "bare-cr-lf" | "not-utf8" | "tls";

export type LineStep =
  | { readonly kind: "need-more" }
  /** A command line without its CRLF. */
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "line-fault"; readonly fault: LineFault };

/**
 * Cuts command lines out of `input`. CRLF alone ends a line (RFC 5321 §2.3.8). An over-long line is reported at its CRLF.
 * A bare LF is reported at once, so that a client that knows no CRLF gets an answer; what follows it up to the next CRLF
 * is the rest of the same faulty line and never a command.
 */
export interface LineDecoder {
  /** `longest` counts CRLF too. */
  next(longest: number): LineStep;
}

export function lineDecoder(input: Cutter): LineDecoder {
  const state: State = { dropping: undefined, cr: false };
  return {
    next(longest) {
      for (;;) {
        if (state.dropping === "tls") input.clear();
        else if (state.dropping === undefined && input.starts(CLIENT_HELLO)) {
          // It need not hold an LF at all; nothing behind it is ever a command.
          state.dropping = "tls";
          return { kind: "line-fault", fault: "tls" };
        }
        const piece = input.line();
        if (piece === undefined) {
          shed(state, input, longest);
          return NEED_MORE;
        }
        const step = state.dropping === undefined ? judge(state, piece, longest) : drop(state, piece);
        if (step !== undefined) return step;
      }
    },
  };
}

interface State {
  /** Why the octets up to the next CRLF are dropped. */
  dropping: LineFault | undefined;
  /** The last octet dropped without a line end was a CR. */
  cr: boolean;
}

/** Judges a piece that begins a line and ends in LF. */
function judge(state: State, piece: Bytes, longest: number): LineStep | undefined {
  const complete = piece[piece.length - 2] === CR;
  if (piece.length > longest) {
    if (complete) return { kind: "line-fault", fault: "too-long" };
    state.dropping = "too-long";
    return undefined;
  }
  if (!complete) {
    state.dropping = "bare-cr-lf";
    return { kind: "line-fault", fault: "bare-cr-lf" };
  }
  if (piece.indexOf(CR) !== piece.length - 2) return { kind: "line-fault", fault: "bare-cr-lf" };
  const text = decodeText(piece);
  return text === undefined ? { kind: "line-fault", fault: "not-utf8" } : { kind: "line", text };
}

/** Goes on with a line that is being dropped. */
function drop(state: State, piece: Bytes): LineStep | undefined {
  const complete = piece.length > 1 ? piece[piece.length - 2] === CR : state.cr;
  const reason = state.dropping;
  state.cr = false;
  if (!complete) return reason === "bare-cr-lf" ? { kind: "line-fault", fault: reason } : undefined;
  state.dropping = undefined;
  return reason === "too-long" ? { kind: "line-fault", fault: reason } : undefined;
}

/** Lets go of octets that can belong to no valid line. */
function shed(state: State, input: Cutter, longest: number): void {
  if (state.dropping === undefined && input.length <= longest) return;
  state.dropping ??= "too-long";
  for (let piece = input.take(Infinity); piece !== undefined; piece = input.take(Infinity)) {
    state.cr = piece[piece.length - 1] === CR;
  }
}

/** The line without its CRLF. */
function decodeText(line: Bytes): string | undefined {
  if (isAscii(line) && Buffer.isBuffer(line)) return line.toString("latin1", 0, line.length - 2);
  return fromStrictUtf8(line.subarray(0, -2));
}

const NEED_MORE = { kind: "need-more" } as const;
const CR = 13;
/** A handshake record of TLS (RFC 8446 §5.1). */
const CLIENT_HELLO: Bytes = Uint8Array.of(22, 3);
