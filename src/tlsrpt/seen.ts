/**
 * What hosts showed, asked or not: one entry for each session, beside those that reports are made of. From them
 * `hopseal policy suggest` tells which destinations could be held to what they always offer.
 */
import type { Instant } from "../base/mod.ts";
import { parseIpv4 } from "../mail/mod.ts";
import { dayOf, type Tally } from "./tally.ts";
import type { SessionRecord } from "./types.ts";

/** How far a session came: a trusted certificate for the host, any, none, or TLS that failed. */
export type Showed = "certified" | "encrypted" | "clear" | "failed";

export interface SeenRecord {
  /** The recipient domain, or the fixed next hop. */
  readonly domain: string;
  readonly host: string;
  readonly showed: Showed;
  /** In the certificate, where `showed` is "certified"; only the first few. */
  readonly names: readonly string[];
}

/** The entry of one session; none for a host that is an address, or was not reached. */
export function tallySeen(session: SessionRecord, now: Instant): readonly Tally[] {
  const { destination: domain, host, certified = [] } = session;
  const showed = showedBy(session);
  if (showed === undefined || domain === "" || isAddress(domain) || isAddress(host)) return [];
  const names = certified.slice(0, MOST_NAMES).map((name) => name.slice(0, LONGEST_NAME));
  return [{ day: dayOf(now), key: seenKey({ domain, host, showed, names }) }];
}

/** Equal records have equal keys. */
export function seenKey({ domain, host, showed, names }: SeenRecord): string {
  return PREFIX + JSON.stringify([domain, host, showed, ...names]);
}

/** Whether a tally is one of these, and none that reports are made of. */
export function isSeenKey(key: string): boolean {
  return key.startsWith(PREFIX);
}

/** Reads a key back; undefined when it is another's, or damaged. */
export function parseSeenKey(key: string): SeenRecord | undefined {
  if (!isSeenKey(key)) return undefined;
  let parts: unknown;
  try {
    parts = JSON.parse(key.slice(PREFIX.length));
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts) || !parts.every((part) => typeof part === "string")) return undefined;
  const [domain, host, showed, ...names] = parts;
  if (domain === undefined || host === undefined || !isShowed(showed)) return undefined;
  return { domain, host, showed, names };
}

function showedBy({ reached, failure, certified }: SessionRecord): Showed | undefined {
  if (reached === "tls") return certified === undefined ? "encrypted" : "certified";
  if (reached === "plaintext") return "clear";
  return reached === "failed" && failure !== undefined ? "failed" : undefined;
}

function isAddress(host: string): boolean {
  return host.startsWith("[") || host.includes(":") || parseIpv4(host) !== undefined;
}

function isShowed(text: string | undefined): text is Showed {
  return text === "certified" || text === "encrypted" || text === "clear" || text === "failed";
}

const PREFIX = "seen1 ";
const MOST_NAMES = 5;
const LONGEST_NAME = 100;
