import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { der, ecKeys, mint, type Minted, type MintOptions, PURPOSE } from "../../../test/support/mint.ts";
import type { TlsaRecord } from "./tlsa.ts";
import { usableTlsa } from "./tlsa.ts";
import { verifyDane } from "./verify.ts";
import { processorTime } from "../../../test/support/processor.ts";

const HOST = "mx.pine.example";
const NOW = Date.UTC(2027, 2, 1);
const root = mint({ subject: "Root", ca: true });
const middle = mint({ subject: "Middle", issuer: root, ca: true });
const leaf = leafOf(middle);

function leafOf(issuer: Minted, rest: MintOptions = {}): Minted {
  return mint({ issuer, names: [HOST], ca: false, purposes: [PURPOSE.serverAuth], ...rest });
}

function digest(usage: number, selector: number, of: Minted): TlsaRecord {
  const selected = selector === 0 ? of.der : of.spki;
  return { usage, selector, matching: 1, data: new Uint8Array(createHash("sha256").update(selected).digest()) };
}

function verdict(
  tlsa: readonly TlsaRecord[],
  chain: readonly (Minted | Uint8Array)[],
  names = [HOST],
  now = NOW,
): unknown {
  const result = verifyDane(
    tlsa,
    chain.map((one) => ("der" in one ? one.der : one)),
    names,
    now,
  );
  return result.ok ? result.value : [result.error.result, result.error.detail];
}

test("verifyDane: the record that matched and how far above the leaf; what cannot be used is passed over (RFC 7672 §3.1)", () => {
  const unusable = [
    digest(0, 1, root),
    digest(1, 1, leaf),
    { ...digest(3, 1, leaf), matching: 2 },
    { ...digest(3, 1, leaf), selector: 2 },
    { ...digest(3, 1, leaf), data: new Uint8Array(0) },
    { usage: 3, selector: 0, matching: 0, data: leaf.spki },
    { usage: 3, selector: 1, matching: 0, data: leaf.der },
  ];
  assert.deepEqual(
    unusable.map(usableTlsa),
    unusable.map(() => false),
  );
  assert.deepEqual(verdict(unusable, [leaf, middle, root]), ["tlsa-invalid", "no TLSA record can be used"]);
  assert.deepEqual(verdict([], [leaf]), ["tlsa-invalid", "no TLSA record can be used"]);
  assert.deepEqual(verdict([...unusable, digest(3, 1, leaf)], [leaf]), { record: 7, depth: 0 });
  assert.deepEqual(verdict([...unusable, digest(2, 0, root)], [leaf, middle, root]), { record: 7, depth: 2 });
  assert.deepEqual(verdict([digest(2, 0, root), digest(3, 1, leaf)], [leaf, middle, root]), { record: 1, depth: 0 });
  assert.deepEqual(verdict([digest(2, 0, root), digest(2, 1, middle)], [leaf, middle, root]), { record: 1, depth: 1 });
});

test("verifyDane: the failure told is that of the path that came furthest (RFC 8460 §4.3)", () => {
  const noMatch = ["validation-failure", "no TLSA record matches a certificate of the host"];
  assert.deepEqual(verdict([digest(3, 1, root)], [leaf, middle, root]), noMatch);
  assert.deepEqual(verdict([digest(2, 1, root)], [leaf, middle]), noMatch);
  assert.deepEqual(verdict([digest(2, 1, root)], [leaf, middle, root], ["rook.example", "x.example"]), [
    "certificate-host-mismatch",
    "the certificate is not for rook.example or x.example",
  ]);
  assert.deepEqual(verdict([digest(2, 1, root)], [leaf, middle, root], [HOST], Date.UTC(2036, 0, 2)), [
    "certificate-expired",
    "the certificate: it expired on 2036-01-01",
  ]);
  assert.deepEqual(verdict([digest(2, 1, root)], [leaf, root]), [
    "certificate-not-trusted",
    "the certificate was not issued by the CA that the TLSA record names",
  ]);
  const old = mint({ subject: "Middle", issuer: root, keys: middle.keys, ca: true, notAfter: new Date("2026-06-01") });
  const notCa = mint({ subject: "Middle", issuer: root, keys: middle.keys, ca: false });
  for (const chain of [
    [leaf, old, notCa, root],
    [leaf, notCa, old, root],
  ]) {
    assert.deepEqual(verdict([digest(2, 1, root)], chain), [
      "certificate-expired",
      "the CA certificate at depth 1: it expired on 2026-06-01",
    ]);
  }
});

test("verifyDane: the leaf is no trust anchor, sent twice or standing in the record (RFC 7671 §5.2)", () => {
  const self = mint({ subject: "Self", names: [HOST], ca: true, usage: [1, 0x86] });
  const noMatch = ["validation-failure", "no TLSA record matches a certificate of the host"];
  assert.deepEqual(verdict([{ usage: 2, selector: 0, matching: 0, data: self.der }], [self]), noMatch);
  assert.deepEqual(verdict([digest(2, 0, self)], [self, self]), noMatch);
  assert.deepEqual(verdict([digest(2, 1, self)], [self, self]), noMatch);
  assert.deepEqual(verdict([digest(3, 1, self)], [self, self]), { record: 0, depth: 0 });
});

test("verifyDane: nothing, junk and certificates that cannot be read fail or are passed over", () => {
  const junk = Uint8Array.from([1, 2, 3]);
  const records = [digest(2, 1, root), digest(3, 1, root)];
  assert.deepEqual(verdict(records, []), ["validation-failure", "the certificate is not one DER sequence"]);
  assert.deepEqual(verdict(records, [junk, middle]), ["validation-failure", "the certificate is not one DER sequence"]);
  assert.deepEqual(verdict(records, [leaf, junk, middle, der(0x30), root]), { record: 0, depth: 2 });
  const odd = leafOf(middle, { more: [["551d1e", false, junk]] });
  assert.deepEqual(verdict(records, [odd, middle, root]), [
    "validation-failure",
    "an extension of the certificate is malformed",
  ]);
  assert.deepEqual(verdict([digest(3, 1, odd)], [odd]), { record: 0, depth: 0 });
});

test("verifyDane: a key in the record signs the topmost certificate, unless it is of a kind that proves nothing (RFC 7671 §5.2.3)", () => {
  const bare = (of: Minted): TlsaRecord => ({ usage: 2, selector: 1, matching: 0, data: of.spki });
  assert.deepEqual(verdict([bare(leaf), bare(root)], [leaf, middle]), { record: 1, depth: 2 });
  assert.deepEqual(verdict([bare(middle)], [leaf]), { record: 0, depth: 1 });
  assert.deepEqual(verdict([bare(middle)], [leaf], ["x.example"]), [
    "certificate-host-mismatch",
    "the certificate is not for x.example",
  ]);
  const small = mint({ subject: "Small", ca: true, keys: ecKeys("prime192v1") });
  assert.deepEqual(verdict([bare(small)], [leafOf(small)]), [
    "validation-failure",
    "no TLSA record matches a certificate of the host",
  ]);
});

test("verifyDane: keys and certificates that OpenSSL cannot read prove nothing, and do not throw", () => {
  // A point that is not on its curve, in a certificate and in a record.
  const spki = root.spki.map((octet, at) => (at === root.spki.length - 1 ? octet ^ 1 : octet));
  const bare = { usage: 2, selector: 1, matching: 0, data: spki };
  assert.equal(usableTlsa(bare), true);
  assert.deepEqual(verdict([bare], [leaf, middle]), [
    "validation-failure",
    "no TLSA record matches a certificate of the host",
  ]);
  assert.deepEqual(verdict([bare, digest(2, 0, root)], [leaf, middle, root]), { record: 1, depth: 2 });
});

test("verifyDane: loops, long chains and crowds of issuers with one name end soon", () => {
  const began = processorTime();
  const a = mint({ subject: "A", ca: true });
  const b = mint({ subject: "B", issuer: a, ca: true });
  const loop = mint({ subject: "A", issuer: b, keys: a.keys, ca: true });
  const stranger = mint({ subject: "Stranger", ca: true });
  assert.deepEqual(verdict([digest(2, 0, stranger)], [leafOf(b), b, loop, a, stranger]), [
    "certificate-not-trusted",
    "the certificate was not issued by the CA that the TLSA record names",
  ]);
  // A ladder of self-issued certificates of one key: every order of them is a path.
  const keys = ecKeys();
  const self = { subject: "Self", keys, ca: true };
  const crowd = Array.from({ length: 31 }, () => mint({ ...self, issuer: { ...a, keys, name: mint(self).name } }));
  const over = verdict([digest(2, 0, stranger)], [leafOf({ ...a, keys, name: mint(self).name }), ...crowd, stranger]);
  assert.deepEqual(over, ["certificate-not-trusted", "the host sent more certificates than can be tried"]);
  // Each of these is signed by the one that is tried last.
  const ladder = Array.from({ length: 31 }, () => ecKeys());
  const rungs = ladder.map((own, at) =>
    mint({ ...self, keys: own, issuer: { ...a, keys: ladder.at(at - 1) ?? own, name: mint(self).name } }),
  );
  const foot = leafOf({ ...a, keys: ladder.at(-1) ?? keys, name: mint(self).name });
  assert.deepEqual(verdict([digest(2, 0, stranger)], [foot, ...rungs, stranger]), over);
  // Strangers of one name: one signature is tried for each.
  const named = Array.from({ length: 30 }, () => mint({ subject: "Middle", ca: true }));
  assert.deepEqual(verdict([digest(2, 0, root)], [leaf, ...named, middle, root]), { record: 0, depth: 2 });
  // A path of just the length that is allowed, and one longer.
  const tower = [root];
  while (tower.length < 12) {
    const issuer = tower.at(-1);
    if (issuer !== undefined) tower.push(mint({ issuer, ca: true }));
  }
  const [top, over11] = [tower.at(10), tower.at(11)];
  assert.ok(top !== undefined && over11 !== undefined);
  assert.deepEqual(verdict([digest(2, 0, root)], [leafOf(top), ...tower]), { record: 0, depth: 11 });
  assert.deepEqual(verdict([digest(2, 0, root)], [leafOf(over11), ...tower]), [
    "certificate-not-trusted",
    "the certificate was not issued by the CA that the TLSA record names",
  ]);
  assert.ok(processorTime() - began < 5000);
});

test("verifyDane: a crowd of anchors that all fail, and thousands of records, end soon", () => {
  const names = Array.from({ length: 1000 }, (_, at) => `h${at}.pine.example`);
  const keys = ecKeys();
  const excluded = Array.from({ length: 50 }, (_, at) => `h${at}.rook.example`);
  const anchors = Array.from({ length: 31 }, () => mint({ subject: "Anchor", keys, ca: true, excluded }));
  const crowded = leafOf({ ...root, keys, name: anchors[0]?.name ?? root.name }, { names });
  const records = anchors.map((one) => digest(2, 0, one));
  const filler = Array.from({ length: 1500 }, () => digest(2, 0, mint({ version: 1, keys })));
  const began = processorTime();
  assert.deepEqual(verdict([...filler, ...records], [crowded, ...anchors]), [
    "certificate-host-mismatch",
    "the certificate is not for mx.pine.example",
  ]);
  assert.ok(processorTime() - began < 5000);
});

test("verifyDane: any octets for certificates and records give a result, never an exception", () => {
  const record = fc.record({
    usage: fc.nat(4),
    selector: fc.nat(2),
    matching: fc.nat(3),
    data: fc.oneof(fc.uint8Array({ maxLength: 70 }), fc.constantFrom(root.der, root.spki, leaf.der, leaf.spki)),
  });
  const damaged = fc
    .tuple(fc.constantFrom(leaf.der, middle.der, root.der), fc.nat(600), fc.nat(255))
    .map(([whole, at, octet]) => whole.map((old, place) => (place === at ? octet : old)));
  const chain = fc.array(fc.oneof(damaged, fc.uint8Array({ maxLength: 50 })), { maxLength: 5 });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 5 }), chain, (records, sent) => {
      verifyDane(records, sent, [HOST], NOW);
    }),
    { numRuns: 500 },
  );
});

test("verifyDane: whatever octet of a signed certificate changes, its issuer does not stand for it", () => {
  const records = [digest(2, 0, root)];
  fc.assert(
    fc.property(fc.nat(leaf.der.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = leaf.der.map((octet, place) => (place === at ? octet ^ flip : octet));
      assert.equal(verifyDane(records, [changed, middle.der, root.der], [HOST], NOW).ok, false);
    }),
    { numRuns: 300 },
  );
});
