/**
 * What the history of sessions says about destinations that publish nothing: those that always offered authenticated TLS
 * could be held to it by `[[tls_policy]]`. Proposes only; an entry that an attacker's silence brought about would be as
 * weak as what he let through, so whatever did not prove itself speaks against an entry.
 */

/** Sessions of one day with one host of a destination that came equally far. */
export interface Sight {
  /** UTC, YYYY-MM-DD. */
  readonly day: string;
  readonly domain: string;
  readonly host: string;
  readonly showed: "certified" | "encrypted" | "clear" | "failed";
  readonly names: readonly string[];
  readonly count: number;
}

export interface SuggestOptions {
  /** Sessions that an entry needs at least. */
  readonly least: number;
  /** Why an entry is not needed, where one is not. */
  readonly covered: (domain: string) => string | undefined;
}

/** What was seen of one destination. */
export interface Evidence {
  readonly domain: string;
  readonly sessions: number;
  readonly days: number;
  readonly first: string;
  readonly last: string;
  /** By how often each was used. */
  readonly hosts: readonly { readonly host: string; readonly sessions: number; readonly names: readonly string[] }[];
}

export type Suggestion = Evidence &
  (
    | { readonly kind: "secure" | "encrypt" }
    /** No entry, and why. */
    | { readonly kind: "none"; readonly why: string }
  );

/** One for each destination, in the order of their names. */
export function suggestPolicies(sights: readonly Sight[], options: SuggestOptions): readonly Suggestion[] {
  const byDomain = Map.groupBy(sights, ({ domain }) => domain);
  return [...byDomain]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([domain, own]): Suggestion => ({ ...evidenceOf(domain, own), ...judged(domain, own, options) }));
}

function judged(
  domain: string,
  sights: readonly Sight[],
  { least, covered }: SuggestOptions,
): { readonly kind: "secure" | "encrypt" } | { readonly kind: "none"; readonly why: string } {
  const known = covered(domain);
  if (known !== undefined) return { kind: "none", why: known };
  const total = sum(sights);
  const count = (showed: Sight["showed"]): number => sum(sights.filter((sight) => sight.showed === showed));
  if (count("clear") > 0) return { kind: "none", why: `${count("clear")} of ${total} sessions went on without TLS` };
  if (count("failed") > 0) return { kind: "none", why: `TLS failed in ${count("failed")} of ${total} sessions` };
  if (total < least) return { kind: "none", why: `${total} sessions are too few; ${least} would do` };
  const days = new Set(sights.map(({ day }) => day)).size;
  if (days < LEAST_DAYS) return { kind: "none", why: "all sessions were on one day" };
  return { kind: count("encrypted") === 0 ? "secure" : "encrypt" };
}

function evidenceOf(domain: string, sights: readonly Sight[]): Evidence {
  const days = [...new Set(sights.map(({ day }) => day))].sort();
  const hosts = [...Map.groupBy(sights, ({ host }) => host)].map(([host, own]) => ({
    host,
    sessions: sum(own),
    names: [...new Set(own.flatMap(({ names }) => names))].slice(0, MOST_NAMES),
  }));
  hosts.sort((left, right) => right.sessions - left.sessions || (left.host < right.host ? -1 : 1));
  return { domain, sessions: sum(sights), days: days.length, first: days[0] ?? "", last: days.at(-1) ?? "", hosts };
}

function sum(sights: readonly Sight[]): number {
  return sights.reduce((total, { count }) => total + count, 0);
}

const LEAST_DAYS = 2;
const MOST_NAMES = 5;
