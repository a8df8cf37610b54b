import { ManualClock } from "../support/clock.ts";
import type { Answer } from "../../src/dns/answer.ts";
import type { Anchor } from "../../src/dns/dnssec/anchors.ts";
import { trustAnchors } from "../../src/dns/dnssec/anchors.ts";
import { STANDARD_LIMITS } from "../../src/dns/dnssec/limits.ts";
import { validatingResolver } from "../../src/dns/resolve/resolver.ts";
import type { ExpiringCache, Lookup, ProvingResolver } from "../../src/dns/resolve/types.ts";
import { sameName } from "../../src/dns/wire/hierarchy.ts";
import type { RawRecord } from "../../src/dns/wire/message.ts";
import { nameText, ROOT } from "../../src/dns/wire/name.ts";
import { decodeName } from "../../src/dns/wire/rdata.ts";
import { decodeDs, decodeRrsig } from "../../src/dns/wire/rdata-dnssec.ts";
import { parseRecord } from "../../src/dns/wire/text-parse.ts";
import { presentRdata } from "../../src/dns/wire/text-present.ts";
import { TYPE, typeName } from "../../src/dns/wire/types.ts";
import { legacyAlgorithms } from "./legacy.ts";
import { scriptRecursor } from "./recursor.ts";
import type { Entry, Script, Step } from "./script.ts";

export interface Played {
  /** One line for each CHECK_ANSWER that came out otherwise; empty when all agree. */
  readonly differences: readonly string[];
  readonly checks: number;
  /** What each look-up came to, in our words. */
  readonly outcomes: readonly string[];
  readonly log: readonly string[];
}

/** Plays a script against our validator and compares what each CHECK_ANSWER expects. */
export async function play(script: Script, options: { readonly faked: boolean }): Promise<Played> {
  const clock = new ManualClock(startOf(script));
  const state = { step: 0 };
  const exchange = scriptRecursor(script, state, clock);
  const resolver = validatingResolver({
    exchange,
    clock,
    anchors: trustAnchors(anchorsOf(script)),
    policy: legacyAlgorithms(options.faked),
    validation: limitsOf(script),
    zones: cacheOn(clock),
    answers: cacheOn<Lookup>(clock),
  });
  const differences: string[] = [];
  const outcomes: string[] = [];
  let checks = 0;
  const pending: Asked[] = [];
  for (const step of script.steps) {
    state.step = step.number;
    if (step.kind === "TIME_PASSES") clock.advance(elapsed(step) * 1000);
    if (step.kind === "QUERY" && step.entry?.question !== undefined) {
      const { name, type } = step.entry.question;
      pending.push({ entry: step.entry, lookup: await lookUp(resolver, nameText(name), type) });
    }
    const asked = step.kind === "CHECK_ANSWER" ? answerTo(step.entry, pending) : undefined;
    if (step.entry !== undefined && asked !== undefined) {
      if (isCachedReferral(step.entry, asked.entry)) continue;
      checks++;
      outcomes.push(shownAs(asked.lookup));
      const wrong = compare(step.entry, asked.entry, asked.lookup);
      if (wrong !== undefined) differences.push(`step ${step.number}: ${wrong}`);
    }
  }
  return { differences, checks, outcomes, log: exchange.log };
}

/** What is bogus is asked once more, of servers not asked before where there are any, as the program does. */
async function lookUp(resolver: ProvingResolver, name: string, type: number): Promise<Lookup> {
  const first = await resolver.lookup(name, type);
  const isBogus = first.answer.kind === "failure" && first.answer.cause === "bogus";
  return isBogus ? resolver.lookup(name, type, { noCache: true }) : first;
}

/** Without RD unbound shows the closest delegation it holds; a resolver that always recurses has no such answer. */
function isCachedReferral(expected: Entry, query: Entry): boolean {
  if (query.reply.has("RD") || expected.answer.length > 0 || !expected.reply.has("NOERROR")) return false;
  return (
    expected.authority.some(({ type }) => type === TYPE.NS) && !expected.authority.some(({ type }) => type === TYPE.SOA)
  );
}

interface Asked {
  readonly entry: Entry;
  readonly lookup: Lookup;
}

/** The last answer to the question that is checked; several questions may be open at once. */
function answerTo(checked: Entry | undefined, pending: readonly Asked[]): Asked | undefined {
  const same = pending.findLast(({ entry }) => {
    const [left, right] = [entry.question, checked?.question];
    return left !== undefined && right !== undefined && left.type === right.type && sameName(left.name, right.name);
  });
  return same ?? pending.at(-1);
}

/** The expected outcome against ours: status from SERVFAIL and AD, the rest from response code and answer section. */
function compare(expected: Entry, query: Entry, { answer }: Lookup): string | undefined {
  const want = statusOf(expected, query);
  const have = answer.kind === "failure" ? "bogus" : answer.security;
  const shown = shownAs({ answer });
  if (want === "any" ? have === "bogus" : want !== have) return `expected ${want}, have ${shown}`;
  if (answer.kind === "failure") return undefined;
  const wanted = recordsOf(expected.answer, query);
  const got = recordsGiven(answer, query);
  // A server may say NXDOMAIN of the target of an alias that was itself what was asked for.
  if (answer.kind !== "data" && expected.reply.has("NXDOMAIN") !== (answer.kind === "nxdomain")) {
    return `expected ${[...expected.reply].join(" ")}, have ${shown}`;
  }
  return wanted === got ? undefined : `expected records ${wanted}, have ${got}`;
}

function shownAs({ answer }: Pick<Lookup, "answer">): string {
  return answer.kind === "failure" ? `${answer.cause}: ${answer.detail}` : `${answer.security} ${answer.kind}`;
}

/** AD is only shown to a client that asked with DO or AD (RFC 6840 §5.8). */
function statusOf(expected: Entry, query: Entry): "secure" | "insecure" | "bogus" | "any" {
  if (["SERVFAIL", "YXDOMAIN", "REFUSED", "NOTIMP", "FORMERR"].some((rcode) => expected.reply.has(rcode)))
    return "bogus";
  if (expected.reply.has("AD")) return "secure";
  return query.reply.has("DO") || query.reply.has("AD") ? "insecure" : "any";
}

/** The aliases and the final records of an answer section, as one sorted line. */
function recordsOf(records: readonly RawRecord[], query: Entry): string {
  const { name, type } = query.question ?? { name: ROOT, type: 0 };
  const aliases =
    type === TYPE.CNAME || type === TYPE.ANY ? [] : records.filter((record) => record.type === TYPE.CNAME);
  let last = name;
  for (let hops = 0; hops <= aliases.length; hops++) {
    const next = aliases.find((alias) => sameName(alias.owner, last));
    last = (next && decodeName(next.rdata)) ?? last;
  }
  const data = records.filter(
    (record) =>
      sameName(record.owner, last) && (record.type === type || (type === TYPE.ANY && record.type !== TYPE.RRSIG)),
  );
  return [...aliases, ...data].map(line).sort().join(" | ");
}

function recordsGiven(answer: Exclude<Answer<RawRecord>, { kind: "failure" }>, query: Entry): string {
  const aliases = answer.chain.map(({ owner, target }) => `${owner.toLowerCase()} CNAME ${target.toLowerCase()}.`);
  const type = query.question?.type;
  const data =
    answer.kind === "data"
      ? answer.records.filter((record) => type === TYPE.RRSIG || record.type !== TYPE.RRSIG).map(line)
      : [];
  return [...aliases, ...data].sort().join(" | ");
}

function line(record: RawRecord): string {
  return `${nameText(record.owner)} ${typeName(record.type)} ${presentRdata(record)}`
    .toLowerCase()
    .replace(" cname ", " CNAME ");
}

/** `-1` switches dates off in unbound; here the clock stands where every signature has begun. */
function latestInception({ ranges }: Script): number {
  const records = ranges.flatMap((range) => range.entries.flatMap((entry) => [...entry.answer, ...entry.authority]));
  const begun = records.flatMap((record) =>
    record.type === TYPE.RRSIG ? (decodeRrsig(record.rdata)?.inception ?? 0) : 0,
  );
  return Math.max(...begun) * 1000;
}

function startOf(script: Script): number {
  const date = script.config.options.get("val-override-date")?.at(-1) ?? "";
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(date)?.slice(1).map(Number);
  if (date === "-1") return latestInception(script);
  if (parts === undefined) return /^\d+$/.test(date) ? Number(date) * 1000 : Date.now();
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function anchorsOf({ config }: Script): readonly Anchor[] {
  return (config.options.get("trust-anchor") ?? []).map((text) => {
    const record = parseRecord(text);
    if (!record.ok) throw new Error(`Cannot read trust anchor "${text}": ${record.error}`);
    const { owner, type, rdata } = record.value;
    if (type !== TYPE.DS) return { zone: owner, key: rdata };
    const ds = decodeDs(rdata);
    return ds === undefined ? { zone: owner } : { zone: owner, ds };
  });
}

/** Unbound takes NSEC3 up to 150 iterations unless the script says otherwise, and never refuses more. */
function limitsOf({ config }: Script): typeof STANDARD_LIMITS {
  const sizes = config.options.get("val-nsec3-keysize-iterations")?.at(-1)?.split(/\s+/).map(Number);
  const insecureIterations = sizes?.[1] ?? 150;
  return { ...STANDARD_LIMITS, insecureIterations, refusedIterations: 65_535, hashRoundsPerLookup: 100_000 };
}

function elapsed(step: Step): number {
  const at = step.words.indexOf("ELAPSE");
  return Number(step.words[at + 1]) || 0;
}

function cacheOn<V>(clock: ManualClock): ExpiringCache<V> {
  const kept = new Map<string, { readonly value: V; readonly expires: number }>();
  return {
    get(key) {
      const found = kept.get(key);
      return found !== undefined && found.expires > clock.now() ? found.value : undefined;
    },
    set: (key, value, expires) => void kept.set(key, { value, expires }),
  };
}
