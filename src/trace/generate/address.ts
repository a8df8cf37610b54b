import { formatMailbox, type Mailbox } from "../../mail/mod.ts";

/** `for <path>`, or undefined where no clause may be written (RFC 5321 §4.4, §7.2). */
export function formatForClause(mailbox: Mailbox | undefined, smtpUtf8: boolean): string | undefined {
  if (mailbox === undefined) return undefined;
  const text = formatMailbox(mailbox);
  // RFC 6531 §3.7.3
  if (!smtpUtf8 && !PRINTABLE_ASCII.test(text)) return undefined;
  return text.length > LONGEST_PATH || HAS_CONTROL.test(text) ? undefined : `for <${text}>`;
}

/** A path has at most 256 octets (RFC 5321 §4.5.3.1.3); quoting may add to that. */
const LONGEST_PATH = 400;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
const HAS_CONTROL = /\p{C}/u;
