import { type FindingCode, type Hop, type Path, type Strength, strengthOf } from "../../trace/mod.ts";

/** What many messages have in common. */
export interface Summary {
  messages: number;
  withoutTrace: number;
  /** Messages with a warning, or with cleartext among the facts. */
  worthALook: number;
  readonly facts: Map<Strength | "none", number>;
  readonly claims: Map<Strength | "none", number>;
  readonly findings: Map<FindingCode, number>;
  readonly links: Map<string, LinkSummary>;
}

/** All hops from one host to another. */
export interface LinkSummary {
  readonly from: string;
  readonly by: string;
  count: number;
  facts: number;
  readonly strengths: Map<Strength | "local", number>;
  readonly ciphers: Map<string, number>;
  slowest: number | undefined;
}

export function emptySummary(): Summary {
  return {
    messages: 0,
    withoutTrace: 0,
    worthALook: 0,
    facts: new Map(),
    claims: new Map(),
    findings: new Map(),
    links: new Map(),
  };
}

export function addToSummary(summary: Summary, path: Path): void {
  summary.messages++;
  if (path.hops.length === 0) summary.withoutTrace++;
  if (isWorthALook(path)) summary.worthALook++;
  count(summary.facts, path.weakestTls.facts?.strength ?? "none");
  count(summary.claims, path.weakestTls.claims?.strength ?? "none");
  for (const code of new Set(path.findings.map((finding) => finding.code))) count(summary.findings, code);
  for (const hop of path.hops) addLink(summary, hop);
}

/** What makes the exit status 1: a warning, or cleartext that our own hosts saw. */
export function isWorthALook(path: Path): boolean {
  return path.allTls.facts === "no" || path.findings.some((finding) => finding.level === "warn");
}

/** The links with the most messages first. */
export function busiestLinks(summary: Summary, most: number): LinkSummary[] {
  return [...summary.links.values()].sort((left, right) => right.count - left.count).slice(0, most);
}

export function summaryJson(summary: Summary): unknown {
  return {
    messages: summary.messages,
    withoutTrace: summary.withoutTrace,
    worthALook: summary.worthALook,
    weakestTls: { facts: Object.fromEntries(summary.facts), claims: Object.fromEntries(summary.claims) },
    findings: Object.fromEntries(summary.findings),
    links: busiestLinks(summary, MOST_LINKS).map((link) => ({
      ...link,
      strengths: Object.fromEntries(link.strengths),
      ciphers: Object.fromEntries(link.ciphers),
    })),
  };
}

function addLink(summary: Summary, hop: Hop): void {
  const from = hop.from?.rdns ?? hop.from?.helo ?? hop.from?.ip ?? "(not told)";
  const by = hop.by?.name ?? hop.by?.ip ?? "(not told)";
  const key = `${from.toLowerCase()}\n${by.toLowerCase()}`;
  let link = summary.links.get(key);
  if (link === undefined) {
    // A mailbox full of made-up names must not fill the memory.
    if (summary.links.size >= MOST_LINKS) return;
    link = { from, by, count: 0, facts: 0, strengths: new Map(), ciphers: new Map(), slowest: undefined };
    summary.links.set(key, link);
  }
  link.count++;
  if (hop.trust !== "claimed") link.facts++;
  count(link.strengths, strengthOf(hop.tls) ?? "local");
  const cipher = hop.tls.cipherIana ?? hop.tls.cipher;
  if (cipher !== undefined && link.ciphers.size < MOST_CIPHERS) count(link.ciphers, cipher);
  const seconds = hop.delay.corrected;
  if (seconds !== undefined && seconds > (link.slowest ?? -1)) link.slowest = seconds;
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

const MOST_LINKS = 20_000;
const MOST_CIPHERS = 50;
