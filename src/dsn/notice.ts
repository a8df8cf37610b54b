/**
 * Notices to the sender: multipart/report with a text for people, message/delivery-status for programs and the original or
 * its header (RFC 3461, RFC 3464, RFC 6522). All of it is 7-bit, except where the sender's address needs SMTPUTF8 (RFC 6533)
 * or a whole 8-bit original comes back.
 */
import { type Bytes, concat, utf8 } from "../base/mod.ts";
import { formatMailbox, type Mailbox, needsUtf8 } from "../mail/mod.ts";
import { explanation, SUBJECTS } from "./explanation.ts";
import { noticeEnvelope } from "./envelope.ts";
import { statusFields } from "./fields.ts";
import { headerSection, messageIdOf, quotedPrintable } from "./header.ts";
import { waivesTls } from "./protect.ts";
import { type Part, returnedPart } from "./returned.ts";
import { field, formatDate, isAscii } from "./text.ts";
import type { Notice, NoticeParts } from "./types.ts";

/** Writes a notice. It goes from the null reverse-path and asks for no notice itself (RFC 3461 §6.1). */
export function writeNotice(parts: NoticeParts): Notice {
  // RFC 6533 §4.5: a host that is known to take SMTPUTF8, since the sender's address needs it.
  const global = needsUtf8(parts.to);
  const returned = returnedPart(parts.original, parts.kind, global);
  const boundary = boundaryFor(parts.id, returned);
  const between = `--${boundary}\r\n`;
  const body = concat([
    utf8(messageHeader(parts, { boundary, global })),
    ...[textPart(parts, global), statusPart(parts, global), ...(returned === undefined ? [] : [returned])].flatMap(
      (part) => [utf8(between), utf8(partHeader(part)), part.body, utf8("\r\n")],
    ),
    utf8(`--${boundary}--\r\n`),
  ]);
  return { envelope: noticeEnvelope(parts.to, parts.original.demand, body), body };
}

function messageHeader(parts: NoticeParts, options: { readonly boundary: string; readonly global: boolean }): string {
  const { original, at, to } = parts;
  const about = messageIdOf(headerSection(original.start));
  const type = `multipart/report; report-type=delivery-status; boundary="${options.boundary}"`;
  return [
    parts.trace,
    field("Date", formatDate(at)),
    field("From", `"Mail delivery (MAILER-DAEMON)" <${formatMailbox(authorOf(parts, options.global))}>`),
    field("To", `<${formatMailbox(to)}>`),
    field("Subject", SUBJECTS[parts.kind]),
    field("Message-ID", `<${parts.id}@${parts.reportingMta}>`),
    // RFC 5322 §3.6.4
    ...(about === undefined ? [] : [field("In-Reply-To", about), field("References", about)]),
    // RFC 3834 §5
    field("Auto-Submitted", "auto-replied"),
    // RFC 8689 §5
    ...(waivesTls(original.demand) ? [field("TLS-Required", "No")] : []),
    field("MIME-Version", "1.0"),
    field("Content-Type", type),
    "\r\n",
  ].join("");
}

/** An address that needs SMTPUTF8 does not make a notice need it that else does not. */
function authorOf({ from, reportingMta }: NoticeParts, global: boolean): Mailbox {
  // RFC 5321 §4.5.1: every host has a postmaster.
  return needsUtf8(from) && !global ? { localPart: "postmaster", domain: reportingMta } : from;
}

function textPart(parts: NoticeParts, global: boolean): Part {
  const text = explanation(parts);
  const body = utf8(text);
  if (isAscii(text)) return { type: "text/plain; charset=us-ascii", encoding: "7bit", body };
  if (global) return { type: "text/plain; charset=utf-8", encoding: "8bit", body };
  return { type: "text/plain; charset=utf-8", encoding: "quoted-printable", body: quotedPrintable(body) };
}

function statusPart(parts: NoticeParts, global: boolean): Part {
  const fields = statusFields(parts, global);
  // RFC 6533 §4.4: what ASCII can say needs no new type.
  return isAscii(fields)
    ? { type: "message/delivery-status", encoding: "7bit", body: utf8(fields) }
    : { type: "message/global-delivery-status", encoding: "8bit", body: utf8(fields) };
}

function partHeader({ type, encoding }: Part): string {
  return `Content-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`;
}

/** The delimiter stands nowhere in what is returned, the only part with lines of somebody else. */
function boundaryFor(id: string, returned: Part | undefined): string {
  const plain = `=_${id}`;
  if (returned === undefined) return plain;
  for (let count = 0; ; count++) {
    const boundary = count === 0 ? plain : `${plain}_${count}`;
    if (!includes(returned.body, utf8(`--${boundary}`))) return boundary;
  }
}

function includes(bytes: Bytes, wanted: Bytes): boolean {
  const [first = 0] = wanted;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (wanted.every((octet, offset) => bytes[at + offset] === octet)) return true;
  }
  return false;
}
