import { type Bytes, concat, utf8 } from "../base/mod.ts";
import { formatReversePath, headerScanner, type ReversePath } from "../mail/mod.ts";

export interface FixUp {
  readonly from: ReversePath;
  /** The date-time of RFC 5322 §3.3. */
  readonly date: string;
  /** Without angle brackets. */
  readonly messageId: string;
}

/** Puts the fields that a message must have, and lacks, on top of it (RFC 6409 §8.2, §8.3; RFC 5322 §3.6). Content has CRLF lines. */
export function addMissingFields(content: Bytes, fix: FixUp): Bytes {
  const scanner = headerScanner({ collect: ["from", "date", "message-id"] });
  scanner.push(content);
  scanner.end();
  const { values, fields } = scanner.result();
  const missing: string[] = [];
  if (!values.has("date")) missing.push(`Date: ${fix.date}\r\n`);
  if (!values.has("message-id")) missing.push(`Message-ID: <${fix.messageId}>\r\n`);
  if (!values.has("from") && fix.from.kind === "mailbox") missing.push(`From: ${formatReversePath(fix.from)}\r\n`);
  if (missing.length === 0) return content;
  // A text without any header needs the empty line too.
  return concat([utf8(missing.join("") + (fields === 0 ? "\r\n" : "")), content]);
}
