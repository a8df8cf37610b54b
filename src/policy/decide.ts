import type { Because, TlsDemand } from "../mail/mod.ts";
import { type Level, PLAIN, strongest, strongestFloor } from "./level.ts";
import { hostName, mxAuthenticity } from "./names.ts";
import { daneNow, takingOf } from "./precedence.ts";
import { daneWishes } from "./sources/dane-wish.ts";
import { listWishes } from "./sources/list.ts";
import { localWishes } from "./sources/local.ts";
import { gradeRemarks, messageWishes } from "./sources/message.ts";
import { stsWishes } from "./sources/sts-wish.ts";
import type {
  Expectation,
  Finding,
  NextHost,
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
  const published = [daneWishes(facts), stsWishes(facts), listWishes(facts)];
  const wishes = [...localWishes(facts), ...modeWishes(facts.host), ...messageWishes(facts, demand)];
  for (const said of published) wishes.push(...said.wishes);
  const { enforced, observed } = standing(wishes, facts, demand);
  const level = enforced.reduce<Level>((most, wish) => strongest(most, wish.level), "may");
  const because = [
    ...wishes.flatMap((wish) => wish.because),
    ...published.flatMap((said) => said.remarks),
    ...gradeRemarks(facts, demand),
    ...remarks(enforced, wishes, demand),
  ];
  const view: View = {
    facts,
    enforced,
    observed,
    level,
    because,
    known: [...published.flatMap((said) => said.known), ...impossibilities(observed, false)],
  };
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
  const floor = inForce.reduce<TlsFloor>((most, one) => strongestFloor(most, one.expectation), PLAIN.may);
  const observe = expectations(view.observed);
  return {
    kind: "proceed",
    level,
    wanted: wantedOf(view.enforced, level),
    floor,
    ...(demand.propagate ? { requireTls: takingOf(facts).requireTls === "enforce" } : {}),
    mx: mxAuthenticity(facts),
    sni: serverName(facts, inForce, observe),
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
    findings: [...impossibilities(enforced, true), ...known],
    because: [...because, why],
  };
}

/** Of what stands in the way, that which holds for all hosts; else the first. */
function refusalOf(enforced: readonly Wish[]): Impossible | undefined {
  const all = enforced.map((wish) => wish.expectation).filter(isImpossible);
  return all.find((one) => one.kind === "defer") ?? all[0];
}

function impossibilities(wishes: readonly Wish[], enforced: boolean): readonly Finding[] {
  return wishes.flatMap(({ policy, expectation }) =>
    isImpossible(expectation)
      ? [{ policy, enforced, ok: false, detail: expectation.status.text, result: expectation.result }]
      : [],
  );
}

function expectations(wishes: readonly Wish[]): readonly Expectation[] {
  return wishes.flatMap(({ policy, expectation }) => (isImpossible(expectation) ? [] : [{ policy, expectation }]));
}

function defaultExpectation({ destination }: TlsFacts): Expectation {
  return { policy: { source: "default", domain: destination }, expectation: PLAIN.may };
}

/** RFC 8314 §3: where TLS begins with the first octet there is nothing to fall back to. */
function modeWishes(host: NextHost): readonly Wish[] {
  if (host.mode !== "implicit") return [];
  const says = `${host.name} port ${host.port} takes TLS from the first octet`;
  return [
    {
      policy: { source: "local", domain: host.name },
      level: "encrypt",
      expectation: PLAIN.encrypt,
      because: [{ source: "local", says, rule: "RFC 8314 §3" }],
    },
  ];
}

function remarks(enforced: readonly Wish[], wishes: readonly Wish[], demand: TlsDemand): readonly Because[] {
  const spoke = wishes.some(({ policy }) => policy.source === "submitter" || policy.source === "requiretls");
  const all: Because[] = spoke ? [] : [...demand.because];
  if (enforced.every((wish) => wish.level === "may")) {
    all.push({ source: "default", says: "nothing asks for more than opportunistic TLS", rule: "RFC 3207 §4" });
  }
  return all;
}

/** The level that was set by hand or by the message, or who published more than that. */
function wantedOf(enforced: readonly Wish[], level: Level): WantedWord {
  const asking = enforced.filter((wish) => wish.level === level).map((wish) => wish.policy.source);
  const published = asking.every((source) => source in PUBLISHED) ? asking[0] : undefined;
  return published === "dane" || published === "mta-sts" || published === "list" ? PUBLISHED[published] : level;
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

const PUBLISHED = { dane: "dane", "mta-sts": "sts", list: "list" } as const;
/** A small ClientHello comes before any thought of plaintext: some middleboxes drop one that spans two packets. */
const TLS_RUNGS: readonly [Rung, Rung] = [
  { kind: "tls", hello: "full" },
  { kind: "tls", hello: "small" },
];
const WITH_PLAINTEXT: readonly [Rung, ...Rung[]] = [...TLS_RUNGS, { kind: "plaintext" }];
