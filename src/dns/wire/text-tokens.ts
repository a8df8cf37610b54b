import type { Bytes } from "../../base/mod.ts";
import { readOctet } from "./name.ts";

/** A word of a zone file as it stands, escapes kept; quoted words may hold blanks and be empty. */
export interface Token {
  readonly text: string;
  readonly quoted: boolean;
}

/**
 * Splits a record, which may span lines in parentheses, into words; `;` begins a comment that ends with the line.
 * Undefined for a quote that does not close. Linear.
 */
// RFC 1035 §5.1
export function tokens(text: string): readonly Token[] | undefined {
  const found: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    if (BLANKS.includes(character)) at++;
    else if (character === ";") at = lineEnd(text, at);
    else if (character === '"') {
      const end = stop(text, at + 1, '"');
      if (end >= text.length) return undefined;
      found.push({ text: text.slice(at + 1, end), quoted: true });
      at = end + 1;
    } else {
      const end = stop(text, at, STOPS);
      found.push({ text: text.slice(at, end), quoted: false });
      at = end;
    }
  }
  return found;
}

/** The octets of a word, escapes resolved; undefined for a bad escape. */
export function tokenOctets({ text }: Token): Bytes | undefined {
  const octets: number[] = [];
  for (let at = 0; at < text.length; ) {
    const read = readOctet(text, at);
    if (!read.ok) return undefined;
    octets.push(read.value.octet);
    at += read.value.length;
  }
  return Uint8Array.from(octets);
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

function stop(text: string, start: number, stops: string): number {
  let at = start;
  while (at < text.length && !stops.includes(text.charAt(at))) at += text.charAt(at) === "\\" ? 2 : 1;
  return Math.min(at, text.length);
}

/** Parentheses only join lines, so they part words as blanks do. */
const BLANKS = " \t\r\n()";
const STOPS = `${BLANKS};"`;
