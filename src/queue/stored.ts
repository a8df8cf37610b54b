import { err, ok, type Result } from "../base/mod.ts";
import { type Envelope, parseMailHost } from "../mail/mod.ts";
import { WIRE } from "../status/mod.ts";
import {
  either,
  finite,
  flag,
  listOf,
  matching,
  maybe,
  oneOf,
  record,
  type Shape,
  text,
  variant,
  whole,
} from "./_shape.ts";
import type { RecipientState } from "./port.ts";

/** Envelopes and recipient states as they are kept: versioned JSON, checked member by member when read back. */
export function encodeEnvelope(envelope: Envelope): string {
  return JSON.stringify({ version: VERSION, ...envelope });
}

export function decodeEnvelope(stored: string): Result<Envelope, string> {
  const parsed = parseJson(stored);
  if (!parsed.ok) return parsed;
  const fault = STORED_ENVELOPE(parsed.value, "envelope");
  if (fault !== undefined) return err(fault);
  const { version, ...envelope } = parsed.value as Envelope & { readonly version: number };
  return version === VERSION ? ok(envelope) : err(`envelope.version is ${version}, only ${VERSION} is known`);
}

/** A pending recipient without history, the common case, takes one number. */
export function encodeRecipients(recipients: ReadonlyMap<number, RecipientState>): string {
  const entries: (number | [number, RecipientState])[] = [];
  for (const [index, state] of recipients) {
    entries.push(
      state.kind === "pending" && state.last === undefined && state.warned === undefined ? index : [index, state],
    );
  }
  return JSON.stringify(entries);
}

export function decodeRecipients(stored: string): Result<Map<number, RecipientState>, string> {
  const parsed = parseJson(stored);
  if (!parsed.ok) return parsed;
  if (!Array.isArray(parsed.value)) return err("recipients is no list");
  const recipients = new Map<number, RecipientState>();
  for (const [at, item] of (parsed.value as unknown[]).entries()) {
    const [index, state]: unknown[] = Array.isArray(item) ? item : [item, PENDING];
    const fault = whole(index, `recipients[${at}]`) ?? RECIPIENT_STATE(state, `recipients[${at}]`);
    if (fault !== undefined) return err(fault);
    recipients.set(index as number, state as RecipientState);
  }
  return ok(recipients);
}

function parseJson(stored: string): Result<unknown, string> {
  try {
    return ok(JSON.parse(stored) as unknown);
  } catch (error) {
    return err(`it is no JSON: ${(error as Error).message}`);
  }
}

const VERSION = 1;
const PENDING: RecipientState = { kind: "pending" };

const MAIL_HOST = matching((value) => {
  const host = parseMailHost(value);
  return host.ok && host.value === value;
}, "domain or address literal");
const MAILBOX = record({ localPart: text, domain: MAIL_HOST });
const STATUS = record({
  cause: matching((value) => Object.hasOwn(WIRE, value), "known cause"),
  code: whole,
  enhanced: maybe(matching((value) => /^[245]\.\d{1,3}\.\d{1,3}$/.test(value), "enhanced code")),
  text,
  peer: maybe(record({ host: text, address: maybe(text) })),
  reply: maybe(record({ code: whole, enhanced: maybe(text), lines: listOf(text) })),
});
const RECIPIENT_STATE = variant({
  pending: { last: maybe(STATUS), warned: maybe(flag) },
  delivered: { status: STATUS, at: finite },
  failed: { status: STATUS, at: finite },
});
const BECAUSE = record({ source: text, says: text, rule: maybe(text) });
const STORED_ENVELOPE: Shape = record({
  version: whole,
  reversePath: variant({ null: {}, mailbox: { mailbox: MAILBOX } }),
  recipients: listOf(
    record({
      mailbox: MAILBOX,
      asked: maybe(MAILBOX),
      original: maybe(record({ type: text, address: text })),
      notify: maybe(either(oneOf("never"), listOf(oneOf("success", "failure", "delay")))),
    }),
  ),
  body: oneOf("7bit", "8bitmime", "binarymime"),
  smtpUtf8: flag,
  dsn: record({ ret: maybe(oneOf("full", "hdrs")), envid: maybe(text) }),
  demand: record({
    level: oneOf("may", "encrypt", "secure"),
    by: maybe(listOf(oneOf("dane", "webpki"))),
    mxAuthentic: maybe(oneOf("dnssec", "dnssec-or-sts")),
    propagate: flag,
    tlsOptional: maybe(flag),
    because: listOf(BECAUSE),
  }),
  origin: record({
    kind: oneOf("mx", "submission", "local", "generated"),
    client: maybe(text),
    helo: maybe(text),
    tls: maybe(record({ version: text, cipher: text })),
  }),
  identity: maybe(text),
  content: record({
    size: whole,
    eightBit: flag,
    bareCrLf: flag,
    nul: flag,
    endsInCrlf: flag,
    longestLine: whole,
  }),
});
