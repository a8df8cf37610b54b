import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Sight, suggestPolicies } from "./suggest.ts";

const SIGHT: Sight = {
  day: "2026-03-02",
  domain: "pine.example",
  host: "mx1.pine.example",
  showed: "certified",
  names: ["mx1.pine.example"],
  count: 10,
};
const NEXT: Sight = { ...SIGHT, day: "2026-03-05", host: "mx2.pine.example", names: ["*.pine.example"], count: 30 };

function said(...sights: readonly Sight[]): readonly string[] {
  return suggestPolicies(sights, {
    least: 20,
    covered: (domain) => (domain === "dane.example" ? "it publishes TLSA records" : undefined),
  }).map((one) => `${one.domain} ${one.kind === "none" ? one.why : one.kind}`);
}

test("suggestPolicies: an entry only where every session proved itself, on more than one day, often enough", () => {
  const cases: readonly (readonly [string, readonly Sight[], string])[] = [
    ["always certified", [SIGHT, NEXT], "secure"],
    ["once only encrypted", [SIGHT, NEXT, { ...NEXT, showed: "encrypted", names: [], count: 1 }], "encrypt"],
    [
      "once in the clear",
      [SIGHT, NEXT, { ...NEXT, showed: "clear", names: [], count: 1 }],
      "1 of 41 sessions went on without TLS",
    ],
    [
      "once failed",
      [SIGHT, NEXT, { ...NEXT, showed: "failed", names: [], count: 2 }],
      "TLS failed in 2 of 42 sessions",
    ],
    ["too few", [SIGHT, { ...NEXT, count: 9 }], "19 sessions are too few; 20 would do"],
    ["one day", [SIGHT, { ...NEXT, day: SIGHT.day }], "all sessions were on one day"],
    [
      "protected already",
      [SIGHT, NEXT].map((one) => ({ ...one, domain: "dane.example" })),
      "it publishes TLSA records",
    ],
  ];
  assert.deepEqual(
    cases.map(([what, sights]) => [what, sights, said(...sights)[0]?.replace(/^\S+ /, "")]),
    cases,
  );
  assert.deepEqual(said(), []);
});

test("suggestPolicies: the evidence, hosts by use, destinations by name", () => {
  const found = suggestPolicies([{ ...SIGHT, domain: "rook.example" }, NEXT, SIGHT], {
    least: 1,
    covered: () => undefined,
  });
  assert.deepEqual(
    found.map(({ domain }) => domain),
    ["pine.example", "rook.example"],
  );
  assert.deepEqual(found[0], {
    kind: "secure",
    domain: "pine.example",
    sessions: 40,
    days: 2,
    first: "2026-03-02",
    last: "2026-03-05",
    hosts: [
      { host: "mx2.pine.example", sessions: 30, names: ["*.pine.example"] },
      { host: "mx1.pine.example", sessions: 10, names: ["mx1.pine.example"] },
    ],
  });
});

test("suggestPolicies: whatever else is seen, one session without proof never leaves secure, without TLS never an entry", () => {
  const sight = fc.record({
    day: fc.constantFrom("2026-03-01", "2026-03-02", "2026-03-03"),
    domain: fc.constant("pine.example"),
    host: fc.constantFrom("mx1.pine.example", "mx2.pine.example"),
    showed: fc.constantFrom<Sight["showed"]>("certified", "encrypted", "clear", "failed"),
    names: fc.constant([]),
    count: fc.integer({ min: 1, max: 50 }),
  });
  fc.assert(
    fc.property(fc.array(sight, { minLength: 1 }), (sights) => {
      const [found] = suggestPolicies(sights, { least: 1, covered: () => undefined });
      const has = (showed: Sight["showed"]): boolean => sights.some((one) => one.showed === showed);
      if (has("clear") || has("failed")) assert.equal(found?.kind, "none");
      else if (has("encrypted")) assert.notEqual(found?.kind, "secure");
    }),
  );
});
