import type { Instant } from "../base/mod.ts";
import { formatMailbox, type Mailbox, needsUtf8, type Recipient } from "../mail/mod.ts";

/** RFC 5322 §3.3, in UTC. */
export function formatDate(at: Instant): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${DAYS[date.getUTCDay()]}, ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}

/** One header field with its CRLF, folded before words so that lines stay within 78 columns where a word allows it. */
export function field(name: string, value: string): string {
  const lines: string[] = [];
  let line = `${name}:`;
  let words = 0;
  for (const word of value.split(" ")) {
    const next = ` ${word.slice(0, LONGEST_WORD)}`;
    if (words > 0 && line.length + next.length > COLUMNS) {
      lines.push(line);
      line = "";
      words = 0;
    }
    line += next;
    words++;
  }
  return `${[...lines, line].join("\r\n")}\r\n`;
}

/** One header field whose value keeps every space: addresses and identifiers, which are short by their grammar. */
export function exactField(name: string, value: string): string {
  return `${name}: ${value.slice(0, LONGEST_WORD)}\r\n`;
}

/** What another host said, as one line of printable ASCII. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, "?").replace(SPACES, " ").trim().slice(0, LONGEST_TEXT);
}

/** What another host said, for people: one line in which nothing moves the cursor or turns the direction of writing. */
export function readable(text: string): string {
  return text.toWellFormed().replace(UNSAFE, "?").replace(SPACES, " ").trim().slice(0, LONGEST_TEXT).toWellFormed();
}

export function isAscii(text: string): boolean {
  return !NOT_ASCII.test(text);
}

/** `rfc822;` or `utf-8;` with the address, in its 7-bit form unless `global` (RFC 3464 §2.3.2, RFC 6533 §3). */
export function typedAddress(mailbox: Mailbox, global: boolean): string {
  const address = formatMailbox(mailbox);
  if (!needsUtf8(mailbox)) return `rfc822; ${address}`;
  return `utf-8; ${global ? address : sevenBit(address)}`;
}

/** ORCPT as a field shows it: xtext is decoded, and UTF-8 stands as it is only where `global` (RFC 6533 §3). */
export function typedOriginal({ type, address }: NonNullable<Recipient["original"]>, global: boolean): string {
  const spelt = type.toLowerCase() === "utf-8" && !global ? sevenBit(address) : address;
  return `${type.replace(UNPRINTABLE, "?")}; ${spelt.replace(global ? UNSAFE : UNPRINTABLE, "?")}`;
}

/** utf-8-addr-xtext: what is not plain ASCII stands as `\x{HEX}` (RFC 6533 §3). */
export function sevenBit(address: string): string {
  let result = "";
  for (const character of address) {
    const point = character.codePointAt(0) ?? 0;
    const plain = point > 0x20 && point < 0x7f && !NOT_QCHAR.has(character);
    result += plain ? character : `\\x{${point.toString(16).toUpperCase().padStart(2, "0")}}`;
  }
  return result;
}

/** Words broken into lines of at most 76 columns. */
export function wrapped(text: string, indent = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const next = word.slice(0, LONGEST_SHOWN);
    if (line !== "" && indent.length + line.length + 1 + next.length > COLUMNS - 2) {
      lines.push(indent + line);
      line = "";
    }
    line += line === "" ? next : ` ${next}`;
  }
  return `${[...lines, indent + line].join("\r\n")}\r\n`;
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const COLUMNS = 78;
const LONGEST_WORD = 900;
/** A character takes three octets at most for each of its UTF-16 units, and a line has 998. */
const LONGEST_SHOWN = 300;
const LONGEST_TEXT = 1000;
const UNPRINTABLE = /[^\x20-\x7e]/gu;
const NOT_ASCII = /[^\x00-\x7f]/;
/** Controls, line and paragraph separators, marks that turn the direction of writing, and what has no shape. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
const SPACES = / {2,}/g;
const NOT_QCHAR: ReadonlySet<string> = new Set(["\\", "+", "="]);
