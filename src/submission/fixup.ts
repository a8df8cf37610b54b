import { type Bytes, concat, utf8 } from "../base/mod.ts";
import { formatReversePath, headerScanner, type ReversePath, TLS_REQUIRED } from "../mail/mod.ts";

export interface FixUp {
  readonly from: ReversePath;
  /** The date-time of RFC 5322 §3.3. */
  readonly date: string;
  /** Without angle brackets. */
  readonly messageId: string;
  /** The sender wants delivery before protection (RFC 8689 §4.3). */
  readonly tlsOptional?: boolean;
}

export interface Fixed {
  readonly content: Bytes;
  /** The values of its TLS-Required fields. */
  readonly tlsRequired: readonly string[] | undefined;
}

/**
 * Puts the fields that a message must have, and lacks, on top of it (RFC 6409 §8.2, §8.3; RFC 5322 §3.6), and the empty line
 * between header and body where a program left it out. Content has CRLF lines.
 */
export function addMissingFields(content: Bytes, fix: FixUp): Fixed {
  const scanner = headerScanner({ collect: ["from", "date", "message-id", TLS_REQUIRED] });
  scanner.push(content);
  scanner.end();
  const { values, fields, octets, fault } = scanner.result();
  const missing: string[] = [];
  if (!values.has("date")) missing.push(`Date: ${fix.date}\r\n`);
  if (!values.has("message-id")) missing.push(`Message-ID: <${fix.messageId}>\r\n`);
  if (!values.has("from") && fix.from.kind === "mailbox") missing.push(`From: ${formatReversePath(fix.from)}\r\n`);
  const given = values.get(TLS_REQUIRED);
  const writeNo = fix.tlsOptional === true && given === undefined;
  if (writeNo) missing.push("TLS-Required: No\r\n");
  const tlsRequired = writeNo ? ["No"] : given;
  const top = utf8(missing.join(""));
  if (fault !== undefined || separated(content, { fields, octets })) {
    return { content: missing.length === 0 ? content : concat([top, content]), tlsRequired };
  }
  // RFC 5322 §2.1
  return { content: concat([top, content.subarray(0, octets), utf8("\r\n"), content.subarray(octets)]), tlsRequired };
}

/** Whether an empty line ends the header, or nothing follows it. */
function separated(content: Bytes, header: { readonly fields: number; readonly octets: number }): boolean {
  const { fields, octets } = header;
  if (octets === content.length && fields > 0) return true;
  const before = content.subarray(Math.max(octets - 4, 0), octets);
  return octets === 2 || (octets > 2 && before.every((octet, at) => octet === EMPTY_LINE[at]));
}

const EMPTY_LINE = utf8("\r\n\r\n");
