import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { agile } from "./agile.ts";
import { type TlsaRecord, usableTlsa } from "./tlsa.ts";

const record = (usage: number, selector: number, matching: number, length = 32) => ({
  usage,
  selector,
  matching,
  data: new Uint8Array(length),
});

test("agile: full data and the strongest digest of each usage and selector stay (RFC 7671 §9)", () => {
  const full = record(3, 1, 0);
  const weak = record(3, 1, 1);
  const strong = record(3, 1, 2, 64);
  const otherSelector = record(3, 0, 1);
  const otherUsage = record(2, 1, 1);
  const unknown = record(3, 1, 9);
  assert.deepEqual(agile([]), []);
  assert.deepEqual(agile([weak, strong, full]), [strong, full]);
  assert.deepEqual(agile([weak, weak]), [weak, weak]);
  assert.deepEqual(agile([weak, otherSelector, otherUsage, strong]), [otherSelector, otherUsage, strong]);
  assert.deepEqual(agile([weak, strong], [1, 2]), [weak]);
  assert.deepEqual(agile([unknown, weak]), [weak]);
  assert.deepEqual(agile([unknown]), [unknown]);
  assert.deepEqual(agile([full]), [full]);
});

test("agile: never leaves a usage and selector without a record, and is at rest after one pass", () => {
  const any = fc.record({
    usage: fc.nat(3),
    selector: fc.nat(1),
    matching: fc.nat(4),
    data: fc.uint8Array({ maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(any), (records) => {
      const kept = agile(records);
      const groups = (list: readonly TlsaRecord[]) => new Set(list.map((one) => `${one.usage} ${one.selector}`));
      assert.deepEqual(groups(kept), groups(records));
      assert.deepEqual(agile(kept), kept);
    }),
  );
});

test("usableTlsa: usage, selector, matching type and the length of a digest (RFC 7672 §3.1)", () => {
  for (let usage = 0; usage <= 5; usage++) {
    for (let selector = 0; selector <= 3; selector++) {
      for (let matching = 0; matching <= 4; matching++) {
        for (const length of [0, 1, 31, 32, 33, 63, 64, 65]) {
          const expected =
            (usage === 2 || usage === 3) &&
            selector <= 1 &&
            ((matching === 1 && length === 32) || (matching === 2 && length === 64));
          assert.equal(usableTlsa(record(usage, selector, matching, length)), expected);
        }
      }
    }
  }
});
