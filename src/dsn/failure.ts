/**
 * The notice that mail could not be delivered: multipart/report with a text for people, message/delivery-status for
 * programs and the header of the original (RFC 3464, RFC 6522). All of it is 7-bit, whatever the original was.
 */
import { type Bytes, concat, type Instant, utf8 } from "../base/mod.ts";
import {
  type Domain,
  formatMailbox,
  literalOf,
  type Mailbox,
  needsUtf8,
  parseDomain,
  type Recipient,
  type ReversePath,
} from "../mail/mod.ts";
import type { Status } from "../status/mod.ts";
import { headerSection, isSevenBit, onlyFields, quotedPrintable } from "./header.ts";
import { field, formatDate, printable, sevenBit, typedAddress, wrapped } from "./text.ts";

export interface FailedRecipient {
  readonly recipient: Recipient;
  readonly status: Status;
}

export interface FailureNotice {
  /** The queue id of the notice itself; also the left side of its Message-ID. */
  readonly id: string;
  /** The queue id of what failed. */
  readonly original: string;
  readonly reportingMta: Domain;
  readonly from: Mailbox;
  readonly to: Mailbox;
  readonly at: Instant;
  readonly arrivedAt: Instant;
  /** ENVID of the original, decoded (RFC 3461 §4.4). */
  readonly envid?: string;
  /** At least one. */
  readonly recipients: readonly FailedRecipient[];
  /** The beginning of the original, as much of it as holds its header. */
  readonly start: Bytes;
  /** The original asked for protection that this notice may not get: return only what identifies it (RFC 8689 §5). */
  readonly redact: boolean;
  /** The Received field of the notice, with its CRLF. */
  readonly trace: string;
}

export interface Notice {
  readonly body: Bytes;
  /** The address of the sender makes the envelope need SMTPUTF8. */
  readonly smtpUtf8: boolean;
}

/** Whether a failure is reported: never for mail that is a notice itself, nor where NOTIFY says otherwise. */
export function wantsFailureNotice(reversePath: ReversePath, recipient: Recipient): boolean {
  // RFC 5321 §6.1
  if (reversePath.kind === "null") return false;
  // RFC 3461 §4.1
  const { notify } = recipient;
  return notify === undefined || (notify !== "never" && notify.includes("failure"));
}

/** Writes the notice. */
export function failureNotice(notice: FailureNotice): Notice {
  const boundary = `=_${notice.id}`;
  const open = `--${boundary}\r\n`;
  const header = notice.redact ? onlyFields(headerSection(notice.start), IDENTIFYING) : headerSection(notice.start);
  const plain = isSevenBit(header);
  const body = concat([
    utf8(messageHeader(notice, boundary)),
    utf8(`${open}Content-Type: text/plain; charset=us-ascii\r\n\r\n${explanation(notice)}\r\n`),
    utf8(`${open}Content-Type: message/delivery-status\r\n\r\n${deliveryStatus(notice)}\r\n`),
    utf8(`${open}Content-Type: text/rfc822-headers\r\n`),
    utf8(`Content-Transfer-Encoding: ${plain ? "7bit" : "quoted-printable"}\r\n\r\n`),
    plain ? header : quotedPrintable(header),
    utf8(`\r\n--${boundary}--\r\n`),
  ]);
  return { body, smtpUtf8: needsUtf8(notice.to) };
}

function messageHeader(notice: FailureNotice, boundary: string): string {
  return [
    notice.trace,
    field("Date", formatDate(notice.at)),
    field("From", `"Mail delivery" <${formatMailbox(notice.from)}>`),
    field("To", `<${formatMailbox(notice.to)}>`),
    field("Subject", "Your message could not be delivered"),
    field("Message-ID", `<${notice.id}@${notice.reportingMta}>`),
    // RFC 3834 §5
    field("Auto-Submitted", "auto-replied"),
    field("MIME-Version", "1.0"),
    field("Content-Type", `multipart/report; report-type=delivery-status; boundary="${boundary}"`),
    "\r\n",
  ].join("");
}

function explanation(notice: FailureNotice): string {
  const lines = [
    wrapped(
      `This is the mail server ${notice.reportingMta}. Your message of ${formatDate(notice.arrivedAt)} could not be` +
        ` delivered to the addresses below and will not be tried again. Its number here was ${notice.original}.`,
    ),
  ];
  for (const { recipient, status } of notice.recipients) {
    lines.push("\r\n", `${sevenBit(formatMailbox(recipient.mailbox))}\r\n`, wrapped(reason(status), "    "));
  }
  return lines.join("");
}

function reason(status: Status): string {
  const who = status.reply !== undefined && status.peer !== undefined ? `${status.peer.host} said: ` : "";
  const code = status.reply === undefined ? "" : `${status.reply.code} `;
  const enhanced = status.enhanced === undefined ? "" : `${status.enhanced} `;
  return printable(`${who}${code}${enhanced}${status.text}`);
}

function deliveryStatus(notice: FailureNotice): string {
  // RFC 3464 §2.2
  const message = [
    ...(notice.envid === undefined ? [] : [field("Original-Envelope-Id", printable(notice.envid))]),
    field("Reporting-MTA", `dns; ${notice.reportingMta}`),
    field("Arrival-Date", formatDate(notice.arrivedAt)),
  ].join("");
  return [message, ...notice.recipients.map((one) => recipientStatus(one, notice))].join("\r\n");
}

// RFC 3464 §2.3
function recipientStatus({ recipient, status }: FailedRecipient, notice: FailureNotice): string {
  const { original } = recipient;
  const { peer, reply } = status;
  return [
    ...(original === undefined
      ? []
      : [field("Original-Recipient", `${printable(original.type)}; ${originalAddress(original)}`)]),
    field("Final-Recipient", typedAddress(recipient.mailbox)),
    field("Action", "failed"),
    field("Status", status.enhanced?.startsWith("5.") === true ? status.enhanced : UNSPECIFIED),
    ...(peer === undefined ? [] : [field("Remote-MTA", `dns; ${mtaName(peer.host)}`)]),
    ...(reply === undefined ? [] : [field("Diagnostic-Code", `smtp; ${printable(said(reply))}`)]),
    field("Last-Attempt-Date", formatDate(notice.at)),
  ].join("");
}

function originalAddress(original: NonNullable<Recipient["original"]>): string {
  return original.type.toLowerCase() === "utf-8" ? sevenBit(original.address) : printable(original.address);
}

function said(reply: NonNullable<Status["reply"]>): string {
  return `${reply.code} ${reply.lines.join(" ")}`;
}

function mtaName(host: string): string {
  return parseDomain(host).ok && !IPV4.test(host) ? host : literalOf(host);
}

/** A permanent failure of which no more is known (RFC 3463 §3.1). */
const UNSPECIFIED = "5.0.0";
const IDENTIFYING: ReadonlySet<string> = new Set(["message-id", "date"]);
const IPV4 = /^[\d.]+$/;
