import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseSeenKey, seenKey, type SeenRecord, tallySeen } from "./seen.ts";
import { summarise } from "./summarise.ts";
import type { SessionRecord } from "./types.ts";

const SESSION: SessionRecord = { destination: "pine.example", host: "mx.pine.example", reached: "tls", findings: [] };
const NOW = Date.UTC(2026, 2, 3);

test("tallySeen: what hosts showed, by session; addresses and what was not reached say nothing", () => {
  const cases: readonly (readonly [Partial<SessionRecord>, Partial<SeenRecord> | undefined])[] = [
    [{}, { showed: "encrypted" }],
    [{ certified: ["mx.pine.example"] }, { showed: "certified", names: ["mx.pine.example"] }],
    [
      { certified: Array<string>(9).fill("x".repeat(300)) },
      { showed: "certified", names: Array<string>(5).fill("x".repeat(100)) },
    ],
    [{ reached: "plaintext" }, { showed: "clear" }],
    [{ reached: "failed", failure: { result: "certificate-expired" } }, { showed: "failed" }],
    [{ reached: "failed" }, undefined],
    [{ reached: "refused" }, undefined],
    [{ destination: "[192.0.2.1]" }, undefined],
    [{ host: "192.0.2.1" }, undefined],
    [{ host: "2001:db8::1" }, undefined],
    [{ destination: "" }, undefined],
  ];
  const base: SeenRecord = { domain: "pine.example", host: "mx.pine.example", showed: "clear", names: [] };
  for (const [session, expected] of cases) {
    const [tally, ...more] = tallySeen({ ...SESSION, ...session }, NOW);
    assert.deepEqual(
      tally && [tally.day, parseSeenKey(tally.key)],
      expected && ["2026-03-03", { ...base, ...expected }],
    );
    assert.deepEqual(more, []);
  }
});

test("parseSeenKey: reads what seenKey wrote, refuses everything else, and reports know nothing of either", () => {
  const record = fc.record(
    {
      domain: fc.string(),
      host: fc.string(),
      showed: fc.constantFrom<SeenRecord["showed"]>("certified", "encrypted", "clear", "failed"),
      names: fc.array(fc.string()),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(record, (one) => {
      assert.deepEqual(parseSeenKey(seenKey(one)), one);
      assert.deepEqual(summarise([{ day: "2026-03-03", key: seenKey(one), count: 3 }]), { days: [], unread: 0 });
    }),
  );
  for (const key of ["", "seen1 ", "seen1 {", "seen1 []", 'seen1 ["a","b","c"]', 'seen1 ["a","b","clear",1]', "{}"]) {
    assert.equal(parseSeenKey(key), undefined, key);
  }
  fc.assert(fc.property(fc.string(), (key) => void parseSeenKey(`seen1 ${key}`)));
});
