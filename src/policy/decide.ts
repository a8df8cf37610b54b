import type { Because, TlsDemand } from "../mail/mod.ts";
import { heard } from "./heard.ts";
import { type Level, PLAIN, strongest, strongestFloor } from "./level.ts";
import { hostName, mxAuthenticity } from "./names.ts";
import { daneNow, takingOf } from "./precedence.ts";
import type {
  Expectation,
  Finding,
  Proceed,
  Refuse,
  Rung,
  TlsDecision,
  TlsFacts,
  TlsFloor,
  WantedWord,
} from "./types.ts";
import { type Impossible, isImpossible, standing, type Wish } from "./wish.ts";

/**
 * Folds everything that was found out about one host, and what the message asks for, into one decision. Total and pure;
 * made before dialling. Anything that has a say can only raise the floor; what may lower another is listed in `standing`.
 */
export function decide(facts: TlsFacts, demand: TlsDemand): TlsDecision {
  const { wishes, known, remarks } = heard(facts, demand);
  const { enforced, observed } = standing(wishes, facts, demand);
  let level: Level = "may";
  for (const wish of enforced) level = strongest(level, wish.level);
  const because: Because[] = [];
  for (const wish of wishes) because.push(...wish.because);
  because.push(...remarks);
  if (level === "may") because.push(NOTHING_ASKED);
  const view: View = { facts, enforced, observed, level, because, known: withImpossible(known, observed, false) };
  const refusal = refusalOf(enforced);
  return refusal === undefined ? proceed(view, demand) : refuseHost(view, refusal);
}

interface View {
  readonly facts: TlsFacts;
  readonly enforced: readonly Wish[];
  readonly observed: readonly Wish[];
  readonly level: Level;
  readonly because: readonly Because[];
  readonly known: readonly Finding[];
}

function proceed({ facts, level, because, known, ...view }: View, demand: TlsDemand): Proceed {
  const enforced = expectations(view.enforced);
  const inForce = enforced.length > 0 ? enforced : [defaultExpectation(facts)];
  let floor: TlsFloor = PLAIN.may;
  for (const one of inForce) floor = strongestFloor(floor, one.expectation);
  const observe = expectations(view.observed);
  return {
    kind: "proceed",
    level,
    wanted: wantedOf(view.enforced, level),
    floor,
    ...(demand.propagate ? { requireTls: takingOf(facts).requireTls === "enforce" } : {}),
    mx: mxAuthenticity(facts),
    sni: serverName(facts, inForce, observe),
    // A proof of who the host is helps little where its key, lost later, opens what was recorded.
    keys: floor.kind === "authenticated" ? "ephemeral" : "any",
    ladder: floor.kind === "any" ? WITH_PLAINTEXT : TLS_RUNGS,
    enforced: inForce,
    observe,
    policies: [...inForce, ...observe].map((one) => one.policy),
    ...(known.length === 0 ? {} : { known }),
    at: facts.now,
    because,
  };
}

function refuseHost({ level, because, known, enforced }: View, { kind, status, why }: Impossible): Refuse {
  return {
    kind,
    level,
    wanted: wantedOf(enforced, level),
    status,
    findings: withImpossible(known, enforced, true),
    because: [...because, why],
  };
}

/** Of what stands in the way, that which holds for all hosts; else the first. */
function refusalOf(enforced: readonly Wish[]): Impossible | undefined {
  let first: Impossible | undefined;
  for (const { expectation } of enforced) {
    if (!isImpossible(expectation)) continue;
    if (expectation.kind === "defer") return expectation;
    first ??= expectation;
  }
  return first;
}

/** A finding for each policy that cannot be met, before those that are known already. */
function withImpossible(known: readonly Finding[], wishes: readonly Wish[], enforced: boolean): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { policy, expectation } of wishes) {
    if (!isImpossible(expectation)) continue;
    findings.push({ policy, enforced, ok: false, detail: expectation.status.text, result: expectation.result });
  }
  return findings.length === 0 ? known : [...findings, ...known];
}

function expectations(wishes: readonly Wish[]): readonly Expectation[] {
  const all: Expectation[] = [];
  for (const { policy, expectation } of wishes) if (!isImpossible(expectation)) all.push({ policy, expectation });
  return all;
}

function defaultExpectation({ destination }: TlsFacts): Expectation {
  return { policy: { source: "default", domain: destination }, expectation: PLAIN.may };
}

/** The level that was set by hand or by the message, or who published more than that. */
function wantedOf(enforced: readonly Wish[], level: Level): WantedWord {
  let first: WantedWord | undefined;
  for (const { level: asked, policy } of enforced) {
    if (asked !== level) continue;
    const word = PUBLISHED.get(policy.source);
    if (word === undefined) return level;
    first ??= word;
  }
  return first ?? level;
}

/** The TLSA base domain where DANE is to be verified (RFC 7672 §8.1), else the host; an IP literal has no name (RFC 6066 §3). */
function serverName(facts: TlsFacts, inForce: readonly Expectation[], observe: readonly Expectation[]): Proceed["sni"] {
  const dane = daneNow(facts);
  if (dane?.kind === "usable") {
    if (inForce.some(isDane)) return dane.base;
    if (inForce.every(({ expectation }) => expectation.kind !== "authenticated") && observe.some(isDane))
      return dane.base;
  }
  return hostName(facts.host) ?? null;
}

function isDane({ expectation }: Expectation): boolean {
  return expectation.kind === "authenticated" && expectation.by === "dane";
}

const NOTHING_ASKED: Because = {
  source: "default",
  says: "nothing asks for more than opportunistic TLS",
  rule: "RFC 3207 §4",
};
const PUBLISHED: ReadonlyMap<Because["source"], WantedWord> = new Map([
  ["dane", "dane"],
  ["mta-sts", "sts"],
  ["list", "list"],
]);
/** A small ClientHello comes before any thought of plaintext: some middleboxes drop one that spans two packets. */
const TLS_RUNGS: readonly [Rung, Rung] = [
  { kind: "tls", hello: "full" },
  { kind: "tls", hello: "small" },
];
const WITH_PLAINTEXT: readonly [Rung, ...Rung[]] = [...TLS_RUNGS, { kind: "plaintext" }];
