/**
 * The Sender Rewriting Scheme: mail that we forward elsewhere gets a sender at our own domain, so that SPF holds, and
 * notices that come back to it find their way. The new local part holds the old address, a day and a tag that only we make:
 *
 *   SRS0=tag=day=domain=local       for a sender as it is
 *   SRS1=tag=first=rest             for a sender that another forwarder made; `rest` is what stands behind its "SRS0"
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { err, type Instant, ok, type Result, utf8 } from "../base/mod.ts";
import { type Domain, formatLocalPart, isLiteral, type Mailbox, parseMailbox } from "../mail/mod.ts";

/** The newest secret comes first and makes tags; every one proves them. */
export type SrsSecrets = readonly [string, ...string[]];

export type SrsFault = "too-long" | "no-domain" | "malformed" | "forged" | "expired";

/** The sender that `through` forwards under. `too-long`: the result would not fit 64 octets; `no-domain`: a literal. */
export function rewriteSender(
  sender: Mailbox,
  through: Domain,
  { secrets, at }: { readonly secrets: SrsSecrets; readonly at: Instant },
): Result<Mailbox, SrsFault> {
  if (isLiteral(sender.domain)) return err("no-domain");
  const localPart = forwarded(sender.localPart, sender.domain, { secret: secrets[0], at });
  const mailbox = { localPart, domain: through };
  // RFC 5321 §4.5.3.1.1: 64 octets are what every implementation takes, ours too.
  if (utf8(formatLocalPart(localPart)).length > LONGEST_LOCAL_PART) return err("too-long");
  return ok(mailbox);
}

/** Whether a local part is one of the scheme; it then means what is inside and nothing else. */
export function isRewritten(localPart: string): boolean {
  return kindOf(localPart) !== undefined;
}

/** The address that a local part of ours stands for. */
export function originalSender(
  localPart: string,
  { secrets, at }: { readonly secrets: SrsSecrets; readonly at: Instant },
): Result<Mailbox, SrsFault> {
  const kind = kindOf(localPart);
  const [tag, rest] = cut(localPart.slice(PREFIX));
  if (kind === undefined || rest === undefined) return err("malformed");
  if (!secrets.some((secret) => proves(tag, `SRS${kind}=${rest}`, secret))) return err("forged");
  return kind === "0" ? ofUs(rest, at) : ofFirst(rest);
}

interface Maker {
  readonly secret: string;
  readonly at: Instant;
}

function forwarded(localPart: string, domain: string, { secret, at }: Maker): string {
  const kind = kindOf(localPart);
  if (kind === "0") return tagged("SRS1", `${domain}=${localPart.slice(4)}`, secret);
  if (kind === "1") {
    // Only the tag is ours: the notice goes to the first forwarder, past those between.
    const [, rest] = cut(localPart.slice(PREFIX));
    if (rest !== undefined && ofFirst(rest).ok) return tagged("SRS1", rest, secret);
  }
  return tagged("SRS0", `${dayOf(at)}=${domain}=${localPart}`, secret);
}

function tagged(name: string, rest: string, secret: string): string {
  return `${name}=${tagOf(`${name}=${rest}`, secret)}=${rest}`;
}

/** `day=domain=local` */
function ofUs(rest: string, at: Instant): Result<Mailbox, SrsFault> {
  const [day, address] = cut(rest);
  if (address === undefined || day.length !== 2) return err("malformed");
  const age = ageOf(day, at);
  if (age === undefined) return err("malformed");
  if (age > LONGEST_AGE) return err("expired");
  const [domain, local] = cut(address);
  return local === undefined ? err("malformed") : checked(local, domain);
}

/** `first=rest`, where `rest` begins with the separator that stood behind SRS0. */
function ofFirst(rest: string): Result<Mailbox, SrsFault> {
  const [first, behind] = cut(rest);
  if (behind === undefined || !SEPARATORS.has(behind[0] ?? "")) return err("malformed");
  return checked(`SRS0${behind}`, first);
}

function checked(localPart: string, domain: string): Result<Mailbox, SrsFault> {
  const parsed = parseMailbox(`${formatLocalPart(localPart)}@${domain}`, { utf8: true });
  return parsed.ok && !isLiteral(parsed.value.domain) ? parsed : err("malformed");
}

function kindOf(localPart: string): "0" | "1" | undefined {
  const start = localPart.slice(0, 4).toUpperCase();
  if (!SEPARATORS.has(localPart[4] ?? "")) return undefined;
  if (start === "SRS0") return "0";
  return start === "SRS1" ? "1" : undefined;
}

/** Hosts on the way may change letter case, so the tag is made of, and compared in, lower case. */
function tagOf(text: string, secret: string): string {
  const digest = createHmac("sha256", secret).update(text.toLowerCase()).digest();
  return Array.from(digest.subarray(0, TAG_LENGTH), (octet) => BASE32[octet & 31]).join("");
}

function proves(tag: string, text: string, secret: string): boolean {
  const given = Buffer.from(tag.toUpperCase());
  const right = Buffer.from(tagOf(text, secret));
  return given.length === right.length && timingSafeEqual(given, right);
}

/** Days since 1970, the last ten bits of them. */
function dayOf(at: Instant): string {
  const day = Math.floor(at / DAY) % DAYS;
  return `${BASE32[day >> 5]}${BASE32[day & 31]}`;
}

/** Days since then; one that lies ahead is a whole round old. */
function ageOf(day: string, at: Instant): number | undefined {
  const high = BASE32.indexOf(day[0]?.toUpperCase() ?? " ");
  const low = BASE32.indexOf(day[1]?.toUpperCase() ?? " ");
  if (high < 0 || low < 0) return undefined;
  return (Math.floor(at / DAY) - (high * 32 + low) + DAYS) % DAYS;
}

/** What stands before and behind the first "=". */
function cut(text: string): readonly [string, string | undefined] {
  const at = text.indexOf("=");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

const SEPARATORS: ReadonlySet<string> = new Set(["=", "+", "-"]);
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** "SRS0=" */
const PREFIX = 5;
/** 30 bits, which nobody tries out over SMTP within the life of an address. */
const TAG_LENGTH = 6;
const DAY = 86_400_000;
const DAYS = 1024;
/** Days: our queue, the next host's, and that of the notice on its way back. */
const LONGEST_AGE = 12;
const LONGEST_LOCAL_PART = 64;
