import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ancestorName, commonAncestor, compareNames, isBelow, isWithin, sameName, wildcardOf } from "./hierarchy.ts";
import type { Name } from "./name.ts";
import {
  absoluteText,
  canonicalWire,
  lowerName,
  nameFromLabels,
  nameOf,
  nameText,
  nameWire,
  parseName,
} from "./name.ts";
import { readName } from "./reader.ts";

const label = fc.uint8Array({ minLength: 1, maxLength: 12 });
const name: fc.Arbitrary<Name> = fc.array(label, { maxLength: 8 }).map((labels) => {
  const made = nameFromLabels(labels);
  assert.ok(made.ok);
  return made.value;
});

test("parseName and nameText agree on any octets (RFC 1035 §5.1, RFC 4343 §2.1)", () => {
  fc.assert(
    fc.property(name, (given) => {
      const read = parseName(nameText(given));
      assert.ok(read.ok);
      assert.deepEqual(read.value, given);
      assert.deepEqual(parseName(absoluteText(given)), read);
    }),
  );
});

test("parseName reads escapes and refuses what is no name (RFC 1035 §2.3.4)", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["a\\.b.example", "a\\.b.example."],
    ["a\\046b.example.", "a\\.b.example."],
    ["\\000.x", "\\000.x."],
    ["_25._tcp.mx.example", "_25._tcp.mx.example."],
    [".", "."],
    ["", "."],
    ["a..b", "empty-label"],
    [".a", "empty-label"],
    [`${"a".repeat(63)}.b`, `${"a".repeat(63)}.b.`],
    [`${"a".repeat(64)}.b`, "label-too-long"],
    [Array.from({ length: 127 }, () => "a").join("."), `${Array.from({ length: 127 }, () => "a").join(".")}.`],
    [Array.from({ length: 128 }, () => "a").join("."), "name-too-long"],
    ["a\\256b", "bad-escape"],
    ["a\\12", "bad-escape"],
    ["a\\", "bad-escape"],
    ["bücher.example", "not-ascii"],
  ];
  const seen = cases.map(([text]) => {
    const read = parseName(text);
    return [text, read.ok ? absoluteText(read.value) : read.error];
  });
  assert.deepEqual(seen, cases);
});

test("parseName never throws", () => {
  fc.assert(fc.property(fc.string({ maxLength: 300, unit: "binary" }), (text) => void parseName(text)));
});

test("a name survives its wire form, and its canonical form is in lower case (RFC 4034 §6.2)", () => {
  fc.assert(
    fc.property(name, (given) => {
      const read = readName(nameWire(given), 0);
      assert.ok(read.ok && read.value.end === nameWire(given).length);
      assert.deepEqual(read.value.name, given);
      assert.deepEqual(canonicalWire(given), nameWire(lowerName(given)));
    }),
  );
});

test("compareNames gives the order of RFC 4034 §6.1", () => {
  const sorted = [
    "example",
    "a.example",
    "yljkjljk.a.example",
    "Z.a.example",
    "zABC.a.EXAMPLE",
    "z.example",
    "\\001.z.example",
    "*.z.example",
    "\\200.z.example",
  ];
  assert.deepEqual(
    [...sorted].reverse().sort((left, right) => compareNames(nameOf(left), nameOf(right))),
    sorted,
  );
});

test("compareNames is a total order that knows equal names, and the hierarchy agrees with it", () => {
  fc.assert(
    fc.property(name, name, name, (a, b, c) => {
      assert.equal(Math.sign(compareNames(a, b)) + Math.sign(compareNames(b, a)), 0);
      assert.equal(compareNames(a, b) === 0, sameName(a, b));
      if (compareNames(a, b) <= 0 && compareNames(b, c) <= 0) assert.ok(compareNames(a, c) <= 0);
      const shared = commonAncestor(a, b);
      assert.ok(isWithin(a, shared) && isWithin(b, shared));
      if (a.labels.length > 0) {
        assert.ok(isBelow(a, ancestorName(a)));
        assert.ok(compareNames(ancestorName(a), a) < 0);
      }
      assert.ok(!isBelow(a, a));
    }),
  );
});

test("isWithin goes by labels, not by octets that happen to fit", () => {
  assert.equal(isWithin(nameOf("badexample"), nameOf("example")), false);
  assert.equal(isWithin(nameOf("a\\007example"), nameOf("example")), false);
  assert.equal(isWithin(nameOf("A.EXAMPLE"), nameOf("a.example")), true);
  assert.equal(wildcardOf(nameOf("example"))?.key, nameOf("*.example").key);
});
