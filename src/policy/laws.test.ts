import assert from "node:assert/strict";
import { test } from "node:test";
import type { TlsDemand } from "../mail/mod.ts";
import { decide } from "./decide.ts";
import { namePattern } from "./pattern.ts";
import type { LocalPolicy, NamePattern, NextHost, TlsDecision, TlsFacts } from "./types.ts";
import { domain } from "../mail/mod.ts";

/** The whole space of facts and demands of the two sources there are, enumerated; nothing is sampled. */
const NOW = Date.UTC(2026, 2, 3);
const LEVELS = ["may", "encrypt", "secure"] as const;
const MECHANISMS: readonly (readonly ("dane" | "webpki")[] | undefined)[] = [undefined, ["webpki"], ["dane"]];
const MX: readonly (readonly NamePattern[] | undefined)[] = [
  undefined,
  [namePattern(domain("mx.pine.example"))],
  [namePattern(domain("other.example"))],
];

const hosts: readonly NextHost[] = [
  ...product({
    name: ["mx.pine.example", "pine.example", "192.0.2.1", "mx_1.pine.example"],
    mode: ["starttls", "implicit"] as const,
    learnt: ["configured", "mx", "implicit-mx", "literal"] as const,
    mxSecurity: ["secure", "insecure"] as const,
  }),
].map((one) => ({ ...one, port: 25, literal: one.name === "192.0.2.1" }));

const locals: readonly (LocalPolicy | undefined)[] = [
  undefined,
  ...[...product({ level: LEVELS, mx: MX, override: [undefined, NOW + 1] })].map(({ level, mx, override }) => ({
    destination: "pine.example",
    level,
    ...(mx === undefined ? {} : { mx }),
    ...(override === undefined ? {} : { override: { until: override } }),
  })),
];

const also: readonly (readonly LocalPolicy[] | undefined)[] = [
  undefined,
  ...(["encrypt", "secure"] as const).map((level) => [{ destination: "relay.example", level }]),
];

const demands: readonly TlsDemand[] = [
  ...product({
    level: LEVELS,
    by: MECHANISMS,
    mxAuthentic: [undefined, "dnssec-or-sts", "dnssec"] as const,
    propagate: [false, true],
    tlsOptional: [undefined, true],
  }),
].map(({ by, mxAuthentic, tlsOptional, ...rest }) => ({
  ...rest,
  ...(by === undefined ? {} : { by }),
  ...(mxAuthentic === undefined ? {} : { mxAuthentic }),
  ...(tlsOptional === undefined ? {} : { tlsOptional }),
  because: [],
}));

const facts: readonly TlsFacts[] = [...product({ host: hosts, local: locals, also })].map(({ host, local, also }) => ({
  destination: "pine.example",
  host,
  now: NOW,
  ...(local === undefined ? {} : { local }),
  ...(also === undefined ? {} : { also }),
}));

/** Decisions by index of facts and of demand. */
const decisions: readonly (readonly TlsDecision[])[] = facts.map((one) => demands.map((demand) => decide(one, demand)));

const indices = new Map<readonly unknown[], Map<string, number>>();

/** plaintext < encrypted < authenticated < nothing is sent at all. */
function strength(decision: TlsDecision): number {
  if (decision.kind !== "proceed") return 3;
  return { any: 0, encrypted: 1, authenticated: 2 }[decision.floor.kind];
}

test("decide law 1: a stronger demand never yields a weaker decision, over all combinations", (t) => {
  const pairs = demands.flatMap((weak, low) =>
    demands.flatMap((strong, high) => (demandAtLeast(strong, weak) ? [[low, high] as const] : [])),
  );
  let checked = 0;
  for (const row of decisions) {
    for (const [low, high] of pairs) {
      checked++;
      const [weaker, stronger] = [row[low] as TlsDecision, row[high] as TlsDecision];
      if (strength(stronger) < strength(weaker)) assert.fail(JSON.stringify([demands[low], demands[high]]));
      if (weaker.kind === "proceed" && stronger.kind === "proceed") {
        assert.ok(weaker.requireTls !== true || stronger.requireTls === true);
        const [least, most] = [weaker.floor, stronger.floor];
        if (least.kind === "authenticated") assert.deepEqual(most, least);
      }
    }
  }
  t.diagnostic(`${facts.length * demands.length} decisions, ${checked} ordered pairs`);
  assert.ok(checked > 1_000_000);
});

test("decide law 1: a higher local level never yields a weaker decision, over all combinations", () => {
  let checked = 0;
  for (const host of hosts) {
    for (const mx of MX) {
      for (const demand of demands) {
        for (const second of [undefined, ...LEVELS]) {
          const ladder = LEVELS.map((level) =>
            strength(
              decide(
                {
                  destination: "pine.example",
                  host,
                  now: NOW,
                  local: { destination: "pine.example", level, ...(mx === undefined ? {} : { mx }) },
                  ...(second === undefined ? {} : { also: [{ destination: "relay.example", level: second }] }),
                },
                demand,
              ),
            ),
          );
          checked++;
          if (!ladder.every((one, at) => at === 0 || one >= (ladder[at - 1] ?? 0))) {
            assert.fail(JSON.stringify({ host, mx, demand, ladder }));
          }
        }
      }
    }
  }
  assert.equal(checked, hosts.length * MX.length * demands.length * 4);
});

test("decide law 1: an override and TLS-Required: No lower no local floor and no demand (RFC 8689 §4.1)", () => {
  // Both spaces hold the same point without the weakening, so its decision is known.
  const firmDemand = demands.map(({ tlsOptional: _optional, ...firm }) => indexOf(demands, firm));
  const firmFacts = facts.map((one, at) => {
    if (one.local?.override === undefined) return at;
    const { override: _override, ...kept } = one.local;
    return indexOf(facts, { ...one, local: kept });
  });
  for (const [at, row] of decisions.entries()) {
    const without = decisions[firmFacts[at] ?? -1];
    for (const [which, decision] of row.entries()) {
      assert.equal(strength(decision), strength(without?.[firmDemand[which] ?? -1] as TlsDecision));
    }
  }
});

test("decide law 3: no ladder has a plaintext rung once anything demands TLS", () => {
  for (const [at, one] of facts.entries()) {
    const local = Math.max(...[one.local, ...(one.also ?? [])].map((entry) => LEVELS.indexOf(entry?.level ?? "may")));
    for (const [which, demand] of demands.entries()) {
      const decision = (decisions[at] as TlsDecision[])[which] as TlsDecision;
      const demanded = local > 0 || demand.level !== "may" || demand.propagate || one.host.mode === "implicit";
      if (decision.kind !== "proceed") {
        assert.ok(demanded);
        continue;
      }
      const plaintext = decision.ladder.some((rung) => rung.kind === "plaintext");
      assert.equal(plaintext, !demanded);
      assert.equal(plaintext, decision.floor.kind === "any");
      assert.deepEqual(decision.ladder.slice(0, 2), [
        { kind: "tls", hello: "full" },
        { kind: "tls", hello: "small" },
      ]);
    }
  }
});

test("decide law 4: only names of the destination's own making are verified, and an address never is", () => {
  for (const [at, one] of facts.entries()) {
    for (const decision of decisions[at] as TlsDecision[]) {
      if (decision.kind !== "proceed" || decision.floor.kind !== "authenticated") continue;
      assert.ok(!one.host.literal);
      assert.equal(decision.floor.by, "webpki");
      if (one.host.learnt === "mx" && one.host.mxSecurity === "insecure") {
        assert.deepEqual(one.local?.mx, [one.host.name]);
      }
    }
  }
});

test("decide always gives a reason", () => {
  for (const row of decisions) for (const decision of row) assert.ok(decision.because.length > 0);
});

function demandAtLeast(strong: TlsDemand, weak: TlsDemand): boolean {
  const every = (some: TlsDemand["by"]): readonly string[] => some ?? ["dane", "webpki"];
  const proof = { undefined: 0, "dnssec-or-sts": 1, dnssec: 2 } as const;
  return (
    LEVELS.indexOf(strong.level) >= LEVELS.indexOf(weak.level) &&
    every(strong.by).every((one) => every(weak.by).includes(one)) &&
    proof[`${strong.mxAuthentic}`] >= proof[`${weak.mxAuthentic}`] &&
    (strong.propagate || !weak.propagate) &&
    (strong.tlsOptional !== true || weak.tlsOptional === true)
  );
}

/** Where a value equal to `wanted` stands. */
function indexOf<T>(all: readonly T[], wanted: T): number {
  const known = indices.get(all) ?? new Map(all.map((one, at) => [keyOf(one), at]));
  indices.set(all, known);
  const found = known.get(keyOf(wanted));
  assert.ok(found !== undefined, "the space is not closed");
  return found;
}

function keyOf(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1)))
      : part,
  );
}

/** Every combination of one value for each key. */
function* product<T extends Record<string, readonly unknown[]>>(
  axes: T,
): Generator<{ [key in keyof T]: T[key][number] }> {
  const keys = Object.keys(axes);
  const counters = keys.map(() => 0);
  for (;;) {
    yield Object.fromEntries(keys.map((key, at) => [key, axes[key]?.[counters[at] ?? 0]])) as {
      [key in keyof T]: T[key][number];
    };
    let at = keys.length - 1;
    while (at >= 0) {
      const next = (counters[at] ?? 0) + 1;
      if (next < (axes[keys[at] as string]?.length ?? 0)) {
        counters[at] = next;
        break;
      }
      counters[at--] = 0;
    }
    if (at < 0) return;
  }
}
