import { type Bytes, concat, fromUtf8 } from "../base/mod.ts";
import { type HeaderAddress, type Mailbox, parseAddressList, parseMailbox } from "../mail/mod.ts";

/** The recipients that a header names, and what stood in their place and is no address. */
export interface Addressees {
  readonly mailboxes: readonly Mailbox[];
  readonly unreadable: readonly string[];
}

/**
 * Recipients out of To, Cc and Bcc, or out of their Resent forms when the message was resent (RFC 5322 §3.6.6). A bare
 * name gets `domain`.
 */
export function addressees(content: Bytes, domain: string): Addressees {
  const fields = headerFields(content);
  const resent = fields.some(({ name }) => RESENT.has(name));
  const mailboxes: Mailbox[] = [];
  const unreadable: string[] = [];
  for (const { name, colon, end } of fields) {
    if (!(resent ? RESENT : PLAIN).has(name)) continue;
    const value = fromUtf8(content.subarray(colon + 1, end)).replaceAll(LINE_ENDS, "");
    for (const member of parseAddressList(value, { utf8: true }).flatMap(({ members }) => members)) {
      const mailbox = mailboxOf(member, domain);
      if (mailbox === undefined) unreadable.push(member.address);
      else mailboxes.push(mailbox);
    }
  }
  return { mailboxes, unreadable };
}

/** Whether the header has a field, by its name in lower case. */
export function hasField(content: Bytes, name: string): boolean {
  return headerFields(content).some((field) => field.name === name);
}

/** The content without the `From ` line of mailbox files, which programs put before the header. */
export function withoutEnvelopeLine(content: Bytes): Bytes {
  const start = fromUtf8(content.subarray(0, ENVELOPE_LINE.length + 1));
  if (!start.startsWith(ENVELOPE_LINE) && !start.startsWith(`>${ENVELOPE_LINE}`)) return content;
  const feed = content.indexOf(LF);
  return feed < 0 ? content : content.subarray(feed + 1);
}

/** The content without the fields that must not leave with it (RFC 5322 §3.6.3, RFC 5321 §4.4). */
export function withoutPrivateFields(content: Bytes): Bytes {
  const parts: Bytes[] = [];
  let from = 0;
  for (const { name, start, end } of headerFields(content)) {
    if (!PRIVATE.has(name)) continue;
    parts.push(content.subarray(from, start));
    from = end;
  }
  return parts.length === 0 ? content : concat([...parts, content.subarray(from)]);
}

function mailboxOf({ address, mailbox }: HeaderAddress, domain: string): Mailbox | undefined {
  if (mailbox !== undefined || address.includes("@")) return mailbox;
  const whole = parseMailbox(`${address}@${domain}`, { utf8: true });
  return whole.ok ? whole.value : undefined;
}

interface Field {
  /** In lower case. */
  readonly name: string;
  readonly start: number;
  readonly colon: number;
  /** Behind the last line end of the field. */
  readonly end: number;
}

/** The fields at the top of the content, whose lines end in LF or CRLF. */
function headerFields(content: Bytes): readonly Field[] {
  const fields: Field[] = [];
  for (let at = 0; at < content.length; ) {
    const feed = content.indexOf(LF, at);
    const end = feed < 0 ? content.length : feed + 1;
    const first = content[at];
    const last = fields.at(-1);
    if ((first === SPACE || first === TAB) && last !== undefined) fields[fields.length - 1] = { ...last, end };
    else {
      const line = content.subarray(at, end);
      const colon = line.indexOf(COLON);
      if (colon <= 0) break;
      const name = fromUtf8(line.subarray(0, colon)).trimEnd().toLowerCase();
      if (!FIELD_NAME.test(name)) break;
      fields.push({ name, start: at, colon: at + colon, end });
    }
    at = end;
  }
  return fields;
}

const ENVELOPE_LINE = "From ";
const LINE_ENDS = /\r?\n(?=[ \t])|\r?\n$/g;
const FIELD_NAME = /^[\x21-\x39\x3b-\x7e]+$/;
const PLAIN: ReadonlySet<string> = new Set(["to", "cc", "bcc"]);
const RESENT: ReadonlySet<string> = new Set(["resent-to", "resent-cc", "resent-bcc"]);
const PRIVATE: ReadonlySet<string> = new Set(["bcc", "resent-bcc", "return-path", "content-length"]);
const SPACE = 32;
const TAB = 9;
const LF = 10;
const COLON = 58;
