import assert from "node:assert/strict";
import { test } from "node:test";
import { domain, NO_DEMAND, type TlsDemand } from "../mail/mod.ts";
import { decide } from "./decide.ts";
import { AS_PUBLISHED } from "./precedence.ts";
import type {
  DaneFacts,
  ListFacts,
  LocalPolicy,
  NamePattern,
  NextHost,
  Proceed,
  StsFacts,
  Taking,
  TlsDecision,
  TlsFacts,
} from "./types.ts";

/** The whole space of what can be known and asked for, one value for each kind there is; nothing is sampled. */
const NOW = Date.UTC(2026, 2, 3);
const BASE = domain("base.example");
const TLSA = { usage: 3, selector: 1, matching: 1, data: new Uint8Array(32) };

const MX: NextHost = {
  name: "mx.pine.example",
  literal: false,
  port: 25,
  mode: "starttls",
  learnt: "mx",
  mxSecurity: "secure",
};
const HOSTS = {
  signed: MX,
  unsigned: { ...MX, mxSecurity: "insecure" },
  odd: { ...MX, name: "mx_1.pine.example", mxSecurity: "insecure" },
  itself: { ...MX, name: "pine.example", learnt: "implicit-mx", mxSecurity: "insecure" },
  hop: { ...MX, name: "relay.example", learnt: "configured", mxSecurity: "insecure" },
  "hop over TLS": { ...MX, name: "relay.example", learnt: "configured", mode: "implicit", port: 465 },
  address: { ...MX, name: "192.0.2.1", literal: true, learnt: "literal", mxSecurity: "insecure" },
} as const satisfies Record<string, NextHost>;

type Of<T> = (host: NextHost) => T;
const mxOf: Of<"secure" | "insecure"> = ({ learnt, mxSecurity }) => (learnt === "mx" ? mxSecurity : "secure");
const here: Of<readonly NamePattern[]> = ({ name }) => [name as NamePattern];
const ELSEWHERE = ["other.example" as NamePattern];

const usable: Of<DaneFacts & { kind: "usable" }> = (host) => {
  return { kind: "usable", base: BASE, records: [TLSA], names: [BASE], mx: mxOf(host), expires: NOW + 1 };
};
const DANE: Record<string, Of<DaneFacts | undefined>> = {
  unasked: () => undefined,
  off: () => ({ kind: "off", why: "no DNSSEC" }),
  absent: () => ({ kind: "absent", why: "none there", expires: NOW + 1 }),
  unusable: (host) => ({ kind: "unusable", base: BASE, records: [TLSA], mx: mxOf(host) }),
  usable,
  failed: () => ({ kind: "failed", cause: "bogus", detail: "a signature is wrong" }),
  stale: (host) => ({ ...usable(host), expires: NOW }),
  "stale absence": () => ({ kind: "absent", why: "none there", expires: NOW }),
};
const stsPolicy = (mode: "enforce" | "testing" | "none", mx: readonly NamePattern[], expires = NOW + 1): StsFacts => {
  return { kind: "policy", mode, mx, id: "1", lines: [], expires };
};
const STS: Record<string, Of<StsFacts | undefined>> = {
  unasked: () => undefined,
  none: () => ({ kind: "none", why: "nothing is published" }),
  bogus: () => ({ kind: "failed", trouble: { at: "dns-bogus", detail: "bogus" } }),
  unfetched: () => ({ kind: "failed", trouble: { at: "fetch", detail: "no answer" } }),
  enforce: (host) => stsPolicy("enforce", here(host)),
  "enforce elsewhere": () => stsPolicy("enforce", ELSEWHERE),
  testing: (host) => stsPolicy("testing", here(host)),
  "asks nothing": () => stsPolicy("none", []),
  ended: (host) => stsPolicy("enforce", here(host), NOW),
};
const LIST: Record<string, Of<ListFacts | undefined>> = {
  none: () => ({ kind: "none" }),
  enforce: (host) => ({ kind: "policy", mode: "enforce", mx: here(host), list: "a list", expires: NOW + 1 }),
  "enforce elsewhere, ended": () => ({ kind: "policy", mode: "enforce", mx: ELSEWHERE, list: "a list", expires: NOW }),
  testing: (host) => ({ kind: "policy", mode: "testing", mx: here(host), list: "a list", expires: NOW + 1 }),
};
type Local = Pick<TlsFacts, "local" | "also">;
const local = (more: Partial<LocalPolicy>): Local => ({
  local: { destination: "pine.example", level: "secure", ...more },
});
const LOCAL: Record<string, Of<Local>> = {
  nothing: () => ({}),
  may: () => local({ level: "may" }),
  encrypt: () => local({ level: "encrypt" }),
  secure: () => local({}),
  "secure, agreed": (host) => local({ mx: here(host) }),
  "secure, agreed elsewhere": () => local({ mx: ELSEWHERE }),
  "secure by dane": () => local({ by: ["dane"] }),
  "secure by webpki": () => local({ by: ["webpki"] }),
  "secure by pin": () => local({ pins: [{ of: "spki", sha256: new Uint8Array(32) }] }),
  "may, overriding": () => local({ level: "may", override: { until: NOW + 1 } }),
  "may, no longer overriding": () => local({ level: "may", override: { until: NOW } }),
  "encrypt, overriding": () => local({ level: "encrypt", override: { until: NOW + 1 } }),
  "may, and the route secure": () => {
    return { ...local({ level: "may" }), also: [{ destination: "relay.example", level: "secure" }] };
  },
};
const TAKING: Record<string, Taking> = {
  "as published": AS_PUBLISHED,
  "DANE audited": { ...AS_PUBLISHED, dane: "audit" },
  "STS audited": { ...AS_PUBLISHED, sts: "audit" },
  "list audited": { ...AS_PUBLISHED, list: "audit" },
  eager: { ...AS_PUBLISHED, stsStrict: true, daneInsecureMx: true },
  "REQUIRETLS encrypts": { ...AS_PUBLISHED, requireTls: "encrypt" },
  "REQUIRETLS if possible": { ...AS_PUBLISHED, requireTls: "opportunistic" },
  discover: { ...AS_PUBLISHED, discover: true },
};
const DEMAND: Record<string, TlsDemand> = {
  may: NO_DEMAND,
  encrypt: { ...NO_DEMAND, level: "encrypt" },
  secure: { ...NO_DEMAND, level: "secure" },
  "secure by dane": { ...NO_DEMAND, level: "secure", by: ["dane"] },
  "secure by webpki": { ...NO_DEMAND, level: "secure", by: ["webpki"] },
  "secure with DNSSEC": { ...NO_DEMAND, level: "secure", mxAuthentic: "dnssec" },
  REQUIRETLS: { ...NO_DEMAND, level: "secure", mxAuthentic: "dnssec-or-sts", propagate: true },
  "may, optional": { ...NO_DEMAND, tlsOptional: true },
  "encrypt, optional": { ...NO_DEMAND, level: "encrypt", tlsOptional: true },
  "REQUIRETLS, optional": {
    ...NO_DEMAND,
    level: "secure",
    mxAuthentic: "dnssec-or-sts",
    propagate: true,
    tlsOptional: true,
  },
};

const AXES = { host: HOSTS, dane: DANE, sts: STS, list: LIST, local: LOCAL, taking: TAKING, demand: DEMAND } as const;
type Axis = keyof typeof AXES;
const ORDER = Object.keys(AXES) as readonly Axis[];
const VALUES = Object.fromEntries(ORDER.map((axis) => [axis, Object.keys(AXES[axis])])) as Record<Axis, string[]>;
const STRIDE = Object.fromEntries(
  ORDER.map((axis, at) => [axis, ORDER.slice(at + 1).reduce((product, next) => product * VALUES[next].length, 1)]),
) as Record<Axis, number>;
const COUNT = ORDER.reduce((product, axis) => product * VALUES[axis].length, 1);

type Point = Record<Axis, string>;
const valueAt = (at: number, axis: Axis): string =>
  VALUES[axis][Math.floor(at / STRIDE[axis]) % VALUES[axis].length] as string;
const pointAt = (at: number): Point =>
  Object.fromEntries(ORDER.map((axis) => [axis, valueAt(at, axis)])) as Record<Axis, string>;

/** 0 plaintext, 1 encrypted, 2 authenticated, 3 nothing is sent; by index of the point. */
const strength = new Uint8Array(COUNT);

/** What must come of the facts whatever is demanded, written down a second time as a plain list of conditions. */
function published(point: Point, { host }: TlsFacts) {
  const taking = TAKING[point.taking] as Taking;
  const enforces = (source: "dane" | "sts" | "list"): boolean => taking[source] === "enforce" && !taking.discover;
  const signed = mxOf(host) === "secure";
  const believed = !host.literal && (signed || taking.daneInsecureMx);
  const daneFails = !host.literal && (point.dane === "failed" || point.dane.startsWith("stale")) && enforces("dane");
  const daneUsed = point.dane === "usable" && believed && enforces("dane");
  const daneRules = daneUsed && signed;
  const stsEnforced = point.sts.startsWith("enforce") && enforces("sts");
  const stsReplaces = stsEnforced || point.sts === "testing" || point.sts === "asks nothing";
  const listEnforced = point.list.startsWith("enforce") && enforces("list") && !stsReplaces;
  return {
    overridden: point.local.endsWith(", overriding"),
    refused: daneFails || (point.sts === "bogus" && taking.stsStrict && enforces("sts") && !daneRules),
    authenticated: daneUsed || (!daneRules && (stsEnforced || listEnforced)),
    encrypted: point.dane === "unusable" && believed && enforces("dane"),
    both: daneUsed && !signed && stsEnforced,
    own: point.local.includes("secure"),
    ownEncrypted: point.local.startsWith("encrypt") || host.mode === "implicit",
    grade: taking.requireTls,
  };
}

/** The closed table of precedence: what of it counts for this demand. */
function expected(said: ReturnType<typeof published>, demand: TlsDemand) {
  const stands = !said.overridden && (demand.tlsOptional !== true || demand.propagate);
  const graded = demand.propagate && said.grade !== "enforce";
  const asked = !graded ? demand.level : said.grade === "encrypt" ? "encrypt" : "may";
  const refused = stands && said.refused;
  const authenticated = refused || said.own || asked === "secure" || (stands && said.authenticated);
  const encrypted = authenticated || asked === "encrypt" || said.ownEncrypted || (stands && said.encrypted);
  return { refused, authenticated, encrypted, both: stands && said.both };
}

function factsAt(point: Point): TlsFacts {
  const host: NextHost = HOSTS[point.host as keyof typeof HOSTS];
  const { local, also } = LOCAL[point.local]?.(host) ?? {};
  const [dane, sts, list] = [DANE[point.dane]?.(host), STS[point.sts]?.(host), LIST[point.list]?.(host)];
  const taking = TAKING[point.taking];
  // One shape for all, which is quicker than leaving out what is undefined.
  return { destination: "pine.example", host, now: NOW, taking, dane, sts, list, local, also } as unknown as TlsFacts;
}

function checkNames(decision: Proceed, facts: TlsFacts, point: Point): void {
  const { host } = facts;
  const named = host.learnt !== "mx" || host.mxSecurity === "secure" || point.sts === "enforce";
  const { sni } = decision;
  if (sni === null ? !host.literal && point.host !== "odd" : sni !== host.name && sni !== BASE)
    fail({ point, decision });
  for (const { policy, expectation } of decision.enforced ?? []) {
    if (expectation.kind !== "authenticated") continue;
    if (expectation.by === "dane" && expectation.names.some((name) => name !== BASE)) fail({ point, decision });
    if (expectation.by !== "webpki") continue;
    if (expectation.names.some((name) => name !== host.name && name !== facts.destination)) fail({ point, decision });
    // Law 4: a name that unsigned DNS chose is verified only when a policy of the destination, or ours, names it too.
    if (!named && policy.source !== "list" && point.local !== "secure, agreed") fail({ point, decision });
    if (host.literal) fail({ point, decision });
  }
  if (decision.requireTls === true && !named) fail({ point, decision });
}

function proves({ enforced = [] }: Proceed, by: string): boolean {
  return enforced.some(({ expectation }) => expectation.kind === "authenticated" && expectation.by === by);
}

function fail(what: unknown): never {
  return assert.fail(JSON.stringify(what));
}

test("decide laws 1 to 4: every combination of facts and demand comes out as the closed table of precedence says", (t) => {
  const began = performance.now();
  let at = 0;
  for (; at < COUNT; at += VALUES.demand.length) {
    const point = pointAt(at);
    const facts = factsAt(point);
    const said = published(point, facts);
    for (const [which, name] of VALUES.demand.entries()) {
      point.demand = name;
      const demand = DEMAND[name] as TlsDemand;
      const decision: TlsDecision = decide(facts, demand);
      const must = expected(said, demand);
      if (decision.because.length === 0) fail({ point, must, decision });
      if (decision.kind !== "proceed") {
        strength[at + which] = 3;
        if (!must.authenticated) fail({ point, must, decision });
        continue;
      }
      const { floor, ladder } = decision;
      const plaintext = ladder.some((rung) => rung.kind === "plaintext");
      strength[at + which] = { any: 0, encrypted: 1, authenticated: 2 }[floor.kind];
      // Law 2
      if (must.refused) fail({ point, must, decision });
      // Law 3
      if (plaintext === must.encrypted || plaintext !== (floor.kind === "any")) fail({ point, must, decision });
      if ((floor.kind === "authenticated") !== must.authenticated) fail({ point, must, decision });
      if ((decision.keys === "ephemeral") !== must.authenticated) fail({ point, must, decision });
      if (must.both && !(proves(decision, "dane") && proves(decision, "webpki"))) fail({ point, must, decision });
      if (demand.propagate !== (decision.requireTls !== undefined)) fail({ point, must, decision });
      checkNames(decision, facts, point);
    }
  }
  assert.equal(at, COUNT);
  t.diagnostic(`${COUNT} combinations in ${Math.round(performance.now() - began)} ms`);
  assert.ok(COUNT > 1_500_000);
});

/** Weaker and stronger values of one axis; `unless` is where a rule of precedence lowers what else would be stronger. */
interface Step {
  readonly axis: Axis;
  readonly pairs: readonly (readonly [string, string])[];
  readonly unless?: (point: Point) => boolean;
  /** More that is known may turn a refusal into a proof. */
  readonly fact?: true;
  readonly equal?: true;
}
const STEPS: readonly Step[] = [
  {
    axis: "demand",
    pairs: [
      ["may", "encrypt"],
      ["encrypt", "secure"],
      ["secure", "secure by dane"],
      ["secure", "secure by webpki"],
      ["secure", "secure with DNSSEC"],
      ["may, optional", "may"],
      ["may, optional", "encrypt, optional"],
      ["encrypt, optional", "encrypt"],
      ["may", "REQUIRETLS"],
    ],
  },
  {
    axis: "demand",
    pairs: [["secure", "REQUIRETLS"]],
    unless: ({ taking }) => taking.startsWith("REQUIRETLS"),
  },
  { axis: "demand", pairs: [["REQUIRETLS", "REQUIRETLS, optional"]], equal: true },
  {
    axis: "local",
    pairs: [
      ["nothing", "may"],
      ["may", "encrypt"],
      ["encrypt", "secure"],
      ["secure", "secure by dane"],
      ["secure", "secure by webpki"],
      ["secure, agreed", "secure, agreed elsewhere"],
      ["may", "may, and the route secure"],
      ["may, overriding", "may"],
      ["may, overriding", "encrypt, overriding"],
      ["encrypt, overriding", "encrypt"],
    ],
  },
  { axis: "local", pairs: [["may", "may, no longer overriding"]], equal: true },
  { axis: "local", pairs: [["encrypt", "secure by pin"]], fact: true },
  { axis: "local", pairs: [["secure", "secure, agreed"]], fact: true },
  {
    axis: "list",
    pairs: [
      ["none", "testing"],
      ["testing", "enforce"],
      ["enforce", "enforce elsewhere, ended"],
    ],
  },
  {
    axis: "sts",
    pairs: [
      ["unfetched", "bogus"],
      ["testing", "enforce"],
      ["none", "enforce"],
      ["none", "enforce elsewhere"],
    ],
    fact: true,
  },
  {
    axis: "sts",
    pairs: [
      ["none", "testing"],
      ["none", "asks nothing"],
    ],
    unless: ({ list }) => list.startsWith("enforce"),
    equal: true,
  },
  {
    axis: "sts",
    pairs: [
      ["unasked", "none"],
      ["none", "ended"],
      ["none", "unfetched"],
    ],
    equal: true,
  },
  {
    axis: "dane",
    pairs: [
      ["absent", "unusable"],
      ["unusable", "usable"],
      ["absent", "usable"],
      ["absent", "failed"],
    ],
    fact: true,
  },
  {
    axis: "dane",
    pairs: [
      ["unasked", "off"],
      ["off", "absent"],
      ["stale", "stale absence"],
    ],
    equal: true,
  },
  { axis: "dane", pairs: [["stale", "failed"]], equal: true, unless: ({ host }) => host === "address" },
  { axis: "host", pairs: [["unsigned", "signed"]], fact: true },
  {
    axis: "taking",
    pairs: [
      ["discover", "DANE audited"],
      ["discover", "STS audited"],
      ["discover", "list audited"],
      ["DANE audited", "as published"],
      ["STS audited", "as published"],
      ["list audited", "as published"],
      ["as published", "eager"],
      ["REQUIRETLS if possible", "REQUIRETLS encrypts"],
      ["REQUIRETLS encrypts", "as published"],
    ],
    fact: true,
  },
];

test("decide law 1: a stronger fact or demand never yields a weaker decision, outside the closed table", (t) => {
  let checked = 0;
  for (const { axis, pairs, unless, fact, equal } of STEPS) {
    for (const [weak, strong] of pairs) {
      const [low, high] = [VALUES[axis].indexOf(weak), VALUES[axis].indexOf(strong)];
      assert.ok(low >= 0 && high >= 0, `${axis}: ${weak}, ${strong}`);
      const stride = STRIDE[axis];
      const up = (high - low) * stride;
      for (let begin = low * stride; begin < COUNT; begin += stride * VALUES[axis].length) {
        for (let at = begin; at < begin + stride; at++) {
          const before = strength[at] as number;
          const after = strength[at + up] as number;
          checked++;
          const right = equal === true ? after === before : after >= (fact === true ? Math.min(before, 2) : before);
          if (right || unless?.(pointAt(at)) === true) continue;
          fail({ point: pointAt(at), axis, weak, strong, before, after });
        }
      }
    }
  }
  t.diagnostic(`${checked} ordered pairs`);
});

/** Other values of the kinds above, which must not make any difference to what is required. */
const ALIKE: readonly {
  readonly is: string;
  readonly at: Partial<Point>;
  readonly instead: (facts: TlsFacts) => Partial<TlsFacts>;
}[] = [
  {
    is: "DANE that does not answer, and a signature that is wrong",
    at: { dane: "failed" },
    instead: () => ({ dane: { kind: "failed", cause: "unavailable", detail: "no answer" } }),
  },
  {
    is: "a stored policy, and one that could not be renewed",
    at: { sts: "enforce" },
    instead: ({ sts }) => ({
      sts: { ...(sts as StsFacts & { kind: "policy" }), trouble: { at: "webpki", detail: "" } },
    }),
  },
  {
    is: "a policy in testing, and one that could not be renewed",
    at: { sts: "testing" },
    instead: ({ sts }) => ({
      sts: { ...(sts as StsFacts & { kind: "policy" }), trouble: { at: "dns-bogus", detail: "" } },
    }),
  },
  {
    is: "a policy host that does not answer, and one with a bad certificate",
    at: { sts: "unfetched", demand: "may" },
    instead: () => ({ sts: { kind: "failed", trouble: { at: "webpki", detail: "" } } }),
  },
  {
    is: "a list in testing, and one that the operator only watches",
    at: { list: "testing" },
    instead: ({ list }) => ({ list: { ...(list as ListFacts & { kind: "policy" }), mode: "enforce", audited: true } }),
  },
  {
    is: "local floors in either order",
    at: { local: "may, and the route secure" },
    instead: ({ local, also = [] }) => ({ local: also[0] as LocalPolicy, also: [local as LocalPolicy] }),
  },
];

test("decide: what differs within a kind changes no requirement", (t) => {
  let checked = 0;
  for (const { is, at: fixed, instead } of ALIKE) {
    for (const local of fixed.local === undefined ? ["encrypt, overriding", "secure, agreed"] : [fixed.local]) {
      const held: Partial<Point> = { list: "enforce", ...fixed, local };
      for (const point of pointsWith(held)) {
        const facts = factsAt(point);
        const demand = DEMAND[point.demand] as TlsDemand;
        const other = { ...facts, ...instead(facts) } as TlsFacts;
        if (required(decide(other, demand)) !== required(decide(facts, demand))) fail({ is, point });
        checked++;
      }
    }
  }
  t.diagnostic(`${checked} pairs`);
  assert.ok(checked > 50_000);
});

function* pointsWith(held: Partial<Point>): Generator<Point> {
  const walk = function* (left: readonly Axis[], point: Partial<Point>): Generator<Point> {
    const [axis, ...more] = left;
    const fixed = axis && held[axis];
    if (axis === undefined) yield point as Point;
    else
      for (const value of fixed === undefined ? VALUES[axis] : [fixed]) yield* walk(more, { ...point, [axis]: value });
  };
  yield* walk(ORDER, {});
}

/** All that binds, without the words and the order of sources. */
function required(decision: TlsDecision): string {
  if (decision.kind !== "proceed") return decision.kind;
  const { floor, ladder, requireTls, sni, mx, enforced = [] } = decision;
  const all = new Set(enforced.map(({ expectation }) => JSON.stringify(expectation)));
  return JSON.stringify([floor, ladder, requireTls, sni, mx, [...all].sort()]);
}
