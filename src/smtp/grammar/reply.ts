import type { EnhancedCode, Status } from "../../status/mod.ts";

/** One reply: the code, and the text of each line without the code (RFC 5321 §4.2). */
export interface Reply {
  readonly code: number;
  /** At least one; may be empty. */
  readonly lines: readonly string[];
}

/** Writes a reply; a line that would exceed the limit is cut, and CR, LF and other controls become "?". */
export function formatReply(reply: Reply, enhanced?: EnhancedCode): string {
  const prefix = enhanced === undefined ? "" : `${enhanced} `;
  const last = reply.lines.length - 1;
  if (last <= 0) return `${reply.code} ${prefix}${clean(reply.lines[0] ?? "", prefix)}\r\n`;
  let wire = "";
  for (const [at, text] of reply.lines.entries()) {
    // RFC 2034 §4: every line of the reply carries the code.
    wire += `${reply.code}${at === last ? " " : "-"}${prefix}${clean(text, prefix)}\r\n`;
  }
  return wire;
}

/** The wire form of one of our own outcomes. */
export function formatStatus(status: Status): string {
  return formatReply({ code: status.code, lines: [status.text] }, status.enhanced);
}

/** The enhanced code at the start of a reply's text, when its class agrees with the reply code (RFC 2034 §4). */
export function enhancedCodeOf(reply: Reply): EnhancedCode | undefined {
  const match = ENHANCED.exec(reply.lines[0] ?? "");
  const code = match?.[1];
  if (code === undefined || Number(code[0]) !== Math.floor(reply.code / 100)) return undefined;
  return code as EnhancedCode;
}

function clean(text: string, prefix: string): string {
  const safe = UNSAFE.test(text) ? text.replace(UNSAFE_ALL, "?") : text;
  // RFC 5321 §4.5.3.1.5: 512 octets with the code and CRLF; three octets per character are reckoned for UTF-8.
  const room = LONGEST_REPLY_LINE - "250 \r\n".length - prefix.length;
  if (safe.length * 3 <= room || (safe.length <= room && !NON_ASCII.test(safe))) return safe;
  return safe.slice(0, NON_ASCII.test(safe) ? Math.floor(room / 3) : room);
}

const LONGEST_REPLY_LINE = 512;
const ENHANCED = /^([245]\.\d{1,3}\.\d{1,3})(?: |$)/;
const UNSAFE = /[\x00-\x08\x0a-\x1f\x7f]/;
const UNSAFE_ALL = /[\x00-\x08\x0a-\x1f\x7f]/g;
const NON_ASCII = /[^\x00-\x7f]/;
