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

/** Puts the fields that a message must have, and lacks, on top of it (RFC 6409 §8.2, §8.3; RFC 5322 §3.6). Content has CRLF lines. */
export function addMissingFields(content: Bytes, fix: FixUp): Fixed {
  const scanner = headerScanner({ collect: ["from", "date", "message-id", TLS_REQUIRED] });
  scanner.push(content);
  scanner.end();
  const { values, fields } = scanner.result();
  const missing: string[] = [];
  if (!values.has("date")) missing.push(`Date: ${fix.date}\r\n`);
  if (!values.has("message-id")) missing.push(`Message-ID: <${fix.messageId}>\r\n`);
  if (!values.has("from") && fix.from.kind === "mailbox") missing.push(`From: ${formatReversePath(fix.from)}\r\n`);
  const given = values.get(TLS_REQUIRED);
  const writeNo = fix.tlsOptional === true && given === undefined;
  if (writeNo) missing.push("TLS-Required: No\r\n");
  const tlsRequired = writeNo ? ["No"] : given;
  if (missing.length === 0) return { content, tlsRequired };
  // A text without any header needs the empty line too.
  return { content: concat([utf8(missing.join("") + (fields === 0 ? "\r\n" : "")), content]), tlsRequired };
}
