import { type Bytes, utf8 } from "../base/mod.ts";

/**
 * The header section at the beginning of a message, without the empty line: it ends before the first line that is neither
 * a field nor its continuation, so that nothing of the body is ever returned. An incomplete last line is left out.
 */
export function headerSection(start: Bytes): Bytes {
  let end = 0;
  while (end < start.length) {
    const lf = start.indexOf(LF, end);
    if (lf < 0 || !belongs(start, end, lf)) break;
    end = lf + 1;
  }
  return start.subarray(0, end);
}

/** The fields with these names (lower case) and their continuations. */
export function onlyFields(header: Bytes, names: ReadonlySet<string>): Bytes {
  const kept: number[] = [];
  let keep = false;
  for (let at = 0; at < header.length; ) {
    const lf = header.indexOf(LF, at);
    const end = lf < 0 ? header.length : lf + 1;
    if (!isBlank(header[at])) {
      const colon = header.indexOf(COLON, at);
      const name = colon < 0 || colon > end ? "" : ascii(header.subarray(at, colon)).trim().toLowerCase();
      keep = names.has(name);
    }
    if (keep) for (let octet = at; octet < end; octet++) kept.push(header[octet] ?? 0);
    at = end;
  }
  return Uint8Array.from(kept);
}

/** Whether content can stand in 7-bit content as it is: ASCII, whole lines of at most 998 octets. */
export function isSevenBit(content: Bytes): boolean {
  return isEightBitClean(content) && content.every((octet) => octet < 0x7f);
}

/** Whether content can stand in 8-bit content as it is: no NUL, no CR or LF alone, lines of at most 998 octets. */
export function isEightBitClean(content: Bytes): boolean {
  let line = 0;
  for (let at = 0; at < content.length; at++) {
    const octet = content[at] ?? 0;
    if (octet === 0) return false;
    if (octet === CR ? content[at + 1] !== LF : octet === LF && content[at - 1] !== CR) return false;
    line = octet === LF ? 0 : line + 1;
    // RFC 5321 §4.5.3.1.6
    if (line > LONGEST_LINE) return false;
  }
  return true;
}

/** The Message-ID of the original, in its angle brackets, where it is one that other fields may repeat (RFC 5322 §3.6.4). */
export function messageIdOf(header: Bytes): string | undefined {
  const found = onlyFields(header, MESSAGE_ID);
  const text = ascii(found.subarray(found.indexOf(COLON) + 1), LONGEST_MESSAGE_ID * 2).trim();
  const id = text.slice(0, text.indexOf(">") + 1);
  return id.length <= LONGEST_MESSAGE_ID && MESSAGE_ID_SHAPE.test(id) ? id : undefined;
}

/** Quoted-printable of text with CRLF lines (RFC 2045 §6.7). */
export function quotedPrintable(text: Bytes): Bytes {
  const parts: string[] = [];
  let column = 0;
  const put = (piece: string): void => {
    if (column + piece.length > QP_COLUMNS) {
      parts.push("=\r\n");
      column = 0;
    }
    parts.push(piece);
    column += piece.length;
  };
  for (let at = 0; at < text.length; at++) {
    const octet = text[at] ?? 0;
    if (octet === CR && text[at + 1] === LF) {
      parts.push("\r\n");
      column = 0;
      at++;
      continue;
    }
    const endOfLine = at + 1 === text.length || (text[at + 1] === CR && text[at + 2] === LF);
    const literal = octet > 0x20 && octet < 0x7f ? octet !== EQUALS : isBlank(octet) && !endOfLine;
    put(literal ? String.fromCharCode(octet) : `=${octet.toString(16).toUpperCase().padStart(2, "0")}`);
  }
  return utf8(parts.join(""));
}

/** A field begins with a name and a colon; a continuation with white space, but never the first line. */
function belongs(bytes: Bytes, start: number, lf: number): boolean {
  if (isBlank(bytes[start])) return start > 0 && lf > start + 1;
  for (let at = start; at < lf; at++) {
    const octet = bytes[at] ?? 0;
    if (octet === COLON) return at > start;
    // RFC 5322 §2.2; white space before the colon is old syntax (§4.5).
    if ((octet <= 0x20 || octet > 0x7e) && !isBlank(octet)) return false;
    if (isBlank(octet) && !isBlank(bytes[at + 1]) && bytes[at + 1] !== COLON) return false;
  }
  return false;
}

function isBlank(octet: number | undefined): boolean {
  return octet === 0x20 || octet === 0x09;
}

function ascii(bytes: Bytes, limit = 200): string {
  return String.fromCharCode(...bytes.subarray(0, limit));
}

const CR = 0x0d;
const LF = 0x0a;
const COLON = 0x3a;
const EQUALS = 0x3d;
const LONGEST_LINE = 999;
/** 76 with the "=" of a soft line break. */
const QP_COLUMNS = 75;
const MESSAGE_ID: ReadonlySet<string> = new Set(["message-id"]);
const LONGEST_MESSAGE_ID = 250;
const MESSAGE_ID_SHAPE = /^<[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]+@[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.:[\]]+>$/;
