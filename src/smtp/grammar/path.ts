import { err, ok, type Result } from "../../base/mod.ts";
import {
  type AddressFault,
  type AddressOptions,
  type ForwardPath,
  NULL_REVERSE_PATH,
  parseDomain,
  parseMailbox,
  type ReversePath,
} from "../../mail/mod.ts";

export interface CutPath {
  /** What stands between the angle brackets. */
  readonly inner: string;
  /** What stands behind them. */
  readonly rest: string;
}

/** Cuts `<…>` off the front, minding quoted strings; undefined when it does not stand there. */
export function cutPath(text: string): CutPath | undefined {
  if (!text.startsWith("<")) return undefined;
  let quoted = false;
  for (let at = 1; at < text.length; at++) {
    const character = text[at];
    if (character === "\\" && quoted) at++;
    else if (character === '"') quoted = !quoted;
    else if (character === ">" && !quoted) return { inner: text.slice(1, at), rest: text.slice(at + 1) };
  }
  return undefined;
}

/** Reads a Reverse-path without its brackets (RFC 5321 §4.1.2). */
export function parseReversePath(inner: string, options: AddressOptions = {}): Result<ReversePath, AddressFault> {
  if (inner === "") return ok(NULL_REVERSE_PATH);
  const mailbox = parseRouted(inner, options);
  return mailbox.ok ? ok({ kind: "mailbox", mailbox: mailbox.value }) : mailbox;
}

/** Reads a Forward-path without its brackets, or `Postmaster` in any letter case (RFC 5321 §4.1.1.3). */
export function parseForwardPath(inner: string, options: AddressOptions = {}): Result<ForwardPath, AddressFault> {
  if (inner.toLowerCase() === "postmaster") return ok({ kind: "postmaster" });
  const mailbox = parseRouted(inner, options);
  return mailbox.ok ? ok({ kind: "mailbox", mailbox: mailbox.value }) : mailbox;
}

/** RFC 5321 §4.1.2: a source route is accepted and ignored. */
function parseRouted(inner: string, options: AddressOptions): ReturnType<typeof parseMailbox> {
  if (!inner.startsWith("@")) return parseMailbox(inner, options);
  const colon = inner.indexOf(":");
  const hops = inner.slice(0, Math.max(colon, 0)).split(",");
  const valid = hops.every((hop) => hop.startsWith("@") && parseDomain(hop.slice(1), options).ok);
  if (!valid) return err({ kind: "syntax", detail: "the source route is malformed" });
  return parseMailbox(inner.slice(colon + 1), options);
}
