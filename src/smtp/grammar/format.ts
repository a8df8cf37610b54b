import {
  type BodyType,
  formatMailbox,
  formatReversePath,
  type Mailbox,
  type Notify,
  type ReversePath,
} from "../../mail/mod.ts";
import { formatOrcpt, type OriginalRecipient } from "./orcpt.ts";
import { encodeXtext } from "./xtext.ts";

/** MAIL and the parameters to send; the caller gives only what the server offers. */
export interface MailCommand {
  readonly reversePath: ReversePath;
  /** Octets of the content (RFC 1870 §6.1). */
  readonly size?: number;
  readonly body?: BodyType;
  readonly smtpUtf8?: boolean;
  readonly ret?: "full" | "hdrs";
  /** Decoded; printable US-ASCII. */
  readonly envid?: string;
  /** The submitter, or "<>" when unknown (RFC 4954 §5). */
  readonly auth?: string;
  readonly requireTls?: boolean;
}

/** RCPT and the parameters to send. */
export interface RcptCommand {
  readonly mailbox: Mailbox;
  readonly notify?: Notify;
  readonly original?: OriginalRecipient;
  /** SMTPUTF8 is in use in this transaction, so that ORCPT may hold UTF-8 (RFC 6533 §3). */
  readonly utf8?: boolean;
}

/** The MAIL line with CRLF (RFC 5321 §4.1.1.2). */
export function formatMail(command: MailCommand): string {
  let line = `MAIL FROM:${formatReversePath(command.reversePath)}`;
  if (command.size !== undefined) line += ` SIZE=${command.size}`;
  if (command.body !== undefined) line += ` BODY=${command.body.toUpperCase()}`;
  if (command.smtpUtf8 === true) line += " SMTPUTF8";
  if (command.ret !== undefined) line += ` RET=${command.ret.toUpperCase()}`;
  if (command.envid !== undefined) line += ` ENVID=${encodeXtext(command.envid)}`;
  if (command.auth !== undefined) line += ` AUTH=${command.auth === "<>" ? "<>" : encodeXtext(command.auth)}`;
  if (command.requireTls === true) line += " REQUIRETLS";
  return `${line}\r\n`;
}

/** The RCPT line with CRLF (RFC 5321 §4.1.1.3). */
export function formatRcpt(command: RcptCommand): string {
  let line = `RCPT TO:<${formatMailbox(command.mailbox)}>`;
  if (command.notify !== undefined) line += ` NOTIFY=${formatNotify(command.notify)}`;
  if (command.original !== undefined) {
    line += ` ORCPT=${formatOrcpt(command.original, { utf8: command.utf8 === true })}`;
  }
  return `${line}\r\n`;
}

/** The BDAT line with CRLF; exactly `size` octets follow it (RFC 3030 §2). */
export function formatBdat(size: number, options: { readonly last: boolean }): string {
  return `BDAT ${size}${options.last ? " LAST" : ""}\r\n`;
}

/** The value of NOTIFY (RFC 3461 §4.1). */
function formatNotify(notify: Notify): string {
  return notify === "never" ? "NEVER" : notify.map((event) => event.toUpperCase()).join(",");
}
