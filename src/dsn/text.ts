import type { Instant } from "../base/mod.ts";
import { formatMailbox, type Mailbox, needsUtf8 } from "../mail/mod.ts";

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

/** What another host said, as one line of printable ASCII. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, "?").replace(SPACES, " ").trim().slice(0, LONGEST_TEXT);
}

/** `rfc822;` or `utf-8;` with the address in its 7-bit form (RFC 3464 §2.3.2, RFC 6533 §3). */
export function typedAddress(mailbox: Mailbox): string {
  const address = formatMailbox(mailbox);
  return needsUtf8(mailbox) ? `utf-8; ${sevenBit(address)}` : `rfc822; ${address}`;
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
    const next = word.slice(0, LONGEST_WORD);
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
const LONGEST_TEXT = 1000;
const UNPRINTABLE = /[^\x20-\x7e]/gu;
const SPACES = / {2,}/g;
const NOT_QCHAR: ReadonlySet<string> = new Set(["\\", "+", "="]);
