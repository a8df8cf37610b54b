import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { domain, parentDomain, parseDomain } from "./domain.ts";

function verdict(text: string, options: Parameters<typeof parseDomain>[1] = {}): string {
  const parsed = parseDomain(text, options);
  return parsed.ok ? `=${parsed.value}` : parsed.error.kind;
}

/** Any UTF-16 unit, halves of pairs too. */
const ANY_UNIT = fc.nat(0xffff).map((unit) => String.fromCharCode(unit));

test("parseDomain: host names in lower case, RFC 5321 §4.1.2", () => {
  const cases: readonly [string, string][] = [
    ["Rook.Example", "=rook.example"],
    ["localhost", "=localhost"],
    ["1.2.3.4", "=1.2.3.4"],
    ["a-b--c.example", "=a-b--c.example"],
    ["xn--bcher-kva.example", "=xn--bcher-kva.example"],
    ["XN--BCHER-KVA.example", "=xn--bcher-kva.example"],
    ["", "empty"],
    [".", "bad-label"],
    ["a..b", "bad-label"],
    [".a", "bad-label"],
    ["a.", "bad-label"],
    ["-a.example", "bad-label"],
    ["a-.example", "bad-label"],
    ["a_b.example", "bad-label"],
    ["a b.example", "bad-label"],
    ["a\u0000.example", "bad-label"],
    ["a@b.example", "bad-label"],
    ["bücher.example", "not-ascii"],
    ["xn--\u002d.example", "bad-idn"],
    ["xn--a\u0020.example", "bad-idn"],
  ];
  for (const [text, expected] of cases) assert.equal(verdict(text), expected, JSON.stringify(text));
});

test("parseDomain: lengths in octets of the A-label form, RFC 1035 §2.3.4", () => {
  const label = "a".repeat(63);
  assert.equal(verdict(`${label}.example`), `=${label}.example`);
  assert.equal(verdict(`a${label}.example`), "bad-label");
  const longest = `${label}.${label}.${label}.${"b".repeat(61)}`;
  assert.equal(verdict(longest), `=${longest}`);
  assert.equal(verdict(`${longest}b`), "too-long");
  // Each letter becomes longer as an A-label, which must not be longer than 63 octets.
  assert.match(verdict(`${"ü".repeat(60)}.example`, { utf8: true }), /^bad-|^too-long/);
});

test("parseDomain: U-labels become A-labels, RFC 6531 §3.3", () => {
  const utf8 = { utf8: true };
  assert.equal(verdict("BÜCHER.example", utf8), "=xn--bcher-kva.example");
  assert.equal(verdict("faß.example", utf8), "=xn--fa-hia.example");
  assert.equal(verdict("\u05d0\u05d1a.example", utf8), "bad-idn");
  assert.equal(verdict("\ud83d.example", utf8), "bad-idn");
  assert.equal(verdict("a\uff20b.example", utf8), "bad-idn");
});

test("parseDomain: a trailing dot only where DNS tools write it", () => {
  assert.equal(verdict("rook.example.", { trailingDot: true }), "=rook.example");
  assert.equal(verdict("rook.example", { trailingDot: true }), "=rook.example");
  assert.equal(verdict(".", { trailingDot: true }), "empty");
  assert.equal(verdict("a..", { trailingDot: true }), "bad-label");
});

test("domain, parentDomain: constants and what is above them", () => {
  assert.equal(parentDomain(domain("mx.rook.example")), "rook.example");
  assert.equal(parentDomain(domain("example")), undefined);
  assert.throws(() => domain("a b"), /"a b" is no valid label/);
});

test("parseDomain: any text gives a name that parses to itself, or a fault", () => {
  const text = fc.oneof(
    fc.string({ unit: ANY_UNIT, maxLength: 40 }),
    fc.string({ unit: fc.constantFrom("a", "B", "-", ".", "xn--", "ü", "\u3002", "\u200d", "0", "_"), maxLength: 40 }),
  );
  fc.assert(
    fc.property(text, (text) => {
      const parsed = parseDomain(text, { utf8: true });
      if (!parsed.ok) return;
      assert.match(parsed.value, /^[a-z0-9.-]+$/);
      assert.deepEqual(parseDomain(parsed.value), parsed);
    }),
    { numRuns: 1000 },
  );
});
