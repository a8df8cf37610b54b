import { type Bytes, concat, utf8 } from "../base/mod.ts";

/** Turns the body of one part into 7-bit lines, piece by piece. */
export interface Encoder {
  push(piece: Bytes): Bytes;
  /** `atEnd`: nothing follows in the whole content, so that the last line must be ended. */
  finish(atEnd: boolean): Bytes;
}

/** Quoted-printable of text whose lines end in CRLF; a CR or LF alone is kept as an octet (RFC 2045 §6.7). */
export function quotedPrintable(): Encoder {
  const state: Quoting = { column: 0, soft: false, space: 0, cr: false, out: new Uint8Array(0), length: 0 };
  return {
    push(piece) {
      begin(state, piece.length);
      for (const octet of piece) quote(state, octet);
      return state.out.subarray(0, state.length);
    },
    finish(atEnd) {
      begin(state, 1);
      if (state.cr) escape(flushSpace(state, false), CR);
      else flushSpace(state, true);
      state.cr = false;
      // An open last line is ended by a break that says nothing.
      if (atEnd && state.column > 0) breakSoftly(state);
      return state.out.subarray(0, state.length);
    },
  };
}

/** Base64 in lines of 76 characters (RFC 2045 §6.8). */
export function base64(): Encoder {
  let held: Bytes = new Uint8Array(0);
  let begun = false;
  const lines = (octets: Bytes): Bytes => {
    const text = Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString("base64");
    const out = wrap(text, begun);
    begun ||= text.length > 0;
    return out;
  };
  return {
    push(piece) {
      const all = held.length === 0 ? piece : concat([held, piece]);
      const whole = all.length - (all.length % OCTETS_A_LINE);
      held = new Uint8Array(all.subarray(whole));
      return lines(all.subarray(0, whole));
    },
    finish(atEnd) {
      const rest = lines(held);
      held = new Uint8Array(0);
      return atEnd && begun ? concat([rest, CRLF]) : rest;
    },
  };
}

/** Base64 that is not in lines of its own: what is no base64 is left out, as decoders do (RFC 2045 §6.8). */
export function rewrapped(): Encoder {
  let held = "";
  let begun = false;
  const lines = (text: string): Bytes => {
    const out = wrap(text, begun);
    begun ||= text.length > 0;
    return out;
  };
  return {
    push(piece) {
      held += Buffer.from(piece.filter((octet) => IN_BASE64[octet] === 1)).toString("latin1");
      const whole = held.length - (held.length % COLUMNS);
      const out = lines(held.slice(0, whole));
      held = held.slice(whole);
      return out;
    },
    finish(atEnd) {
      const rest = lines(held);
      held = "";
      return atEnd && begun ? concat([rest, CRLF]) : rest;
    },
  };
}

/** Lines of 76 characters with CRLF between them, and before them when others went before. */
function wrap(text: string, after: boolean): Bytes {
  const lines: string[] = after && text.length > 0 ? [""] : [];
  for (let at = 0; at < text.length; at += COLUMNS) lines.push(text.slice(at, at + COLUMNS));
  return utf8(lines.join("\r\n"));
}

interface Quoting {
  column: number;
  /** The line began behind a soft line break. */
  soft: boolean;
  /** A blank that is literal unless its line ends here; 0 for none. */
  space: number;
  /** A CR whose LF may still come. */
  cr: boolean;
  out: Uint8Array;
  length: number;
}

/** Room for what these octets, and those held back, become at most. */
function begin(state: Quoting, octets: number): void {
  state.out = new Uint8Array((octets + 4) * 6);
  state.length = 0;
}

function quote(state: Quoting, octet: number): void {
  if (state.cr) {
    state.cr = false;
    if (octet === LF) {
      flushSpace(state, true);
      return endLine(state);
    }
    escape(flushSpace(state, false), CR);
  }
  if (octet === CR) {
    state.cr = true;
    return;
  }
  flushSpace(state, false);
  if (octet === SPACE || octet === TAB) state.space = octet;
  else if (octet > SPACE && octet < 0x7f && octet !== EQUALS) literal(state, octet);
  else escape(state, octet);
}

/** Writes the blank that was held back; at the end of a line it must be seen (RFC 2045 §6.7 rule 3). */
function flushSpace(state: Quoting, lineEnds: boolean): Quoting {
  const { space } = state;
  if (space === 0) return state;
  state.space = 0;
  if (lineEnds) escape(state, space);
  else literal(state, space);
  return state;
}

function literal(state: Quoting, octet: number): void {
  if (state.column + 1 > QP_COLUMNS) breakSoftly(state);
  // A line of our own making must never look like a boundary.
  if (octet === DASH && state.soft && state.column === 0) return escape(state, octet);
  state.out[state.length++] = octet;
  state.column++;
}

function escape(state: Quoting, octet: number): void {
  if (state.column + 3 > QP_COLUMNS) breakSoftly(state);
  state.out[state.length++] = EQUALS;
  state.out[state.length++] = HEX.charCodeAt(octet >> 4);
  state.out[state.length++] = HEX.charCodeAt(octet & 15);
  state.column += 3;
}

function breakSoftly(state: Quoting): void {
  state.out[state.length++] = EQUALS;
  endLine(state);
  state.soft = true;
}

function endLine(state: Quoting): void {
  state.out[state.length++] = CR;
  state.out[state.length++] = LF;
  state.column = 0;
  state.soft = false;
}

const CRLF = utf8("\r\n");
const HEX = "0123456789ABCDEF";
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DASH = 0x2d;
const EQUALS = 0x3d;
/** 76 with the "=" of a soft line break. */
const QP_COLUMNS = 75;
const COLUMNS = 76;
const OCTETS_A_LINE = 57;
const IN_BASE64: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) =>
  /[A-Za-z0-9+/=]/.test(String.fromCharCode(octet)) ? 1 : 0,
);
