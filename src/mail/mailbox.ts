import { err, ok, type Result } from "../base/mod.ts";
import { type Domain, parseDomain } from "./domain.ts";
import { type AddressLiteral, parseAddressLiteral } from "./literal.ts";

/** What stands to the right of "@": a domain name, or an address literal in brackets. */
export type MailHost = Domain | AddressLiteral;

/**
 * An address of the envelope. `localPart` is its meaning, not its spelling: quotes and backslashes are removed, so that
 * equal addresses are equal values (RFC 5321 §4.1.2); its letter case is kept (§2.4).
 */
export interface Mailbox {
  readonly localPart: string;
  readonly domain: MailHost;
}

/** RFC 5321 §4.1.2: a path, or `<>`. */
export type ReversePath = { readonly kind: "null" } | { readonly kind: "mailbox"; readonly mailbox: Mailbox };
/** RFC 5321 §4.1.1.3: a path, or `<Postmaster>` without a domain. */
export type ForwardPath = { readonly kind: "postmaster" } | { readonly kind: "mailbox"; readonly mailbox: Mailbox };

export const NULL_REVERSE_PATH: ReversePath = { kind: "null" };

export interface AddressFault {
  readonly kind: "syntax" | "too-long" | "not-ascii";
  readonly detail: string;
}

export interface AddressOptions {
  /** SMTPUTF8 is in use (RFC 6531 §3.3). */
  readonly utf8?: boolean;
}

/** Parses `Local-part@Domain` of RFC 5321 §4.1.2; no angle brackets, comments or white space around. */
export function parseMailbox(text: string, options: AddressOptions = {}): Result<Mailbox, AddressFault> {
  if (options.utf8 !== true && !ASCII.test(text))
    return err({ kind: "not-ascii", detail: `the address ${show(text)} needs SMTPUTF8` });
  if (!text.isWellFormed()) return syntax(`${show(text)} is no well-formed Unicode`);
  const local = text.startsWith('"') ? quotedLocalPart(text) : dotLocalPart(text);
  if (local === undefined) return syntax(`${show(text)} has no valid local part`);
  if (text[local.end] !== "@") return syntax(`${show(text)} has no "@" after the local part`);
  // RFC 5321 §4.5.3.1.1: 64 octets are what every implementation takes.
  if (octets(text.slice(0, local.end)) > LONGEST_LOCAL_PART) {
    return err({ kind: "too-long", detail: `the local part has more than ${LONGEST_LOCAL_PART} octets` });
  }
  // RFC 5321 §4.5.3.1.3: a path has 256 octets at most, two of them its angle brackets.
  if (octets(text) > LONGEST_MAILBOX) {
    return err({ kind: "too-long", detail: `the address has more than ${LONGEST_MAILBOX} octets` });
  }
  const host = text.slice(local.end + 1);
  const parsed = parseMailHost(host, options);
  if (!parsed.ok) return parsed;
  return ok({ localPart: local.value, domain: parsed.value });
}

/** Parses the part right of "@". */
export function parseMailHost(text: string, options: AddressOptions = {}): Result<MailHost, AddressFault> {
  if (text.startsWith("[")) {
    const literal = parseAddressLiteral(text);
    return literal.ok ? literal : syntax(literal.error);
  }
  const name = parseDomain(text, options.utf8 === true ? { utf8: true } : {});
  if (name.ok) return name;
  const kind = name.error.kind === "too-long" || name.error.kind === "not-ascii" ? name.error.kind : "syntax";
  return err({ kind, detail: name.error.detail });
}

/** Writes the address with the least quoting (RFC 5321 §4.1.2). */
export function formatMailbox(mailbox: Mailbox): string {
  return `${formatLocalPart(mailbox.localPart)}@${mailbox.domain}`;
}

export function formatLocalPart(localPart: string): string {
  return DOT_STRING.test(localPart) ? localPart : `"${localPart.replace(NEEDS_BACKSLASH, "\\$&")}"`;
}

/** `<address>` or `<>`. */
export function formatReversePath(path: ReversePath): string {
  return path.kind === "null" ? "<>" : `<${formatMailbox(path.mailbox)}>`;
}

export function isLiteral(host: MailHost): host is AddressLiteral {
  return host.startsWith("[");
}

/** Whether the envelope needs SMTPUTF8 for this address (RFC 6531 §3.4). */
export function needsUtf8(mailbox: Mailbox): boolean {
  return !ASCII.test(mailbox.localPart);
}

function dotLocalPart(text: string): { value: string; end: number } | undefined {
  const end = text.indexOf("@");
  const value = end < 0 ? "" : text.slice(0, end);
  return DOT_STRING.test(value) ? { value, end } : undefined;
}

function quotedLocalPart(text: string): { value: string; end: number } | undefined {
  let value = "";
  for (let at = 1; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === '"') return { value, end: at + 1 };
    if (character === "\\") {
      at++;
      const quoted = text[at];
      if (quoted === undefined || !QUOTED_PAIR.test(quoted)) return undefined;
      value += quoted;
    } else {
      if (!QTEXT.test(character)) return undefined;
      value += character;
    }
  }
  return undefined;
}

function octets(text: string): number {
  return ASCII.test(text) ? text.length : new TextEncoder().encode(text).length;
}

function show(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

function syntax(detail: string): Result<never, AddressFault> {
  return err({ kind: "syntax", detail });
}

const LONGEST_LOCAL_PART = 64;
const LONGEST_MAILBOX = 254;
const ASCII = /^[\x00-\x7f]*$/;
const DOT_STRING =
  /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\u{10ffff}]+(?:\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\u{10ffff}]+)*$/u;
const NEEDS_BACKSLASH = /["\\]/g;
const QTEXT = /^[\x20-\x21\x23-\x5b\x5d-\x7e\u0080-\uffff]$/;
const QUOTED_PAIR = /^[\x20-\x7e]$/;
