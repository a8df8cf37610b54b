import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { testCa } from "../../test/support/certificates.ts";
import { mint } from "../../test/support/mint.ts";
import { leafFor } from "../../test/support/leaf.ts";
import { readCertificate } from "./certificate.ts";
import { derChildren, derElement } from "./der.ts";
import { matchesAddress, matchesAny, matchesName, peerNames } from "./names.ts";

test("matchesName: whole-label wildcard, one label, any letter case (RFC 9525 §6.3)", () => {
  const table: readonly [presented: string, reference: string, expected: boolean][] = [
    ["mx.pine.example", "mx.pine.example", true],
    ["MX.Pine.EXAMPLE", "mx.pine.example", true],
    ["mx.pine.example", "MX.pine.example", true],
    ["mx.pine.example", "pine.example", false],
    ["pine.example", "mx.pine.example", false],
    ["*.pine.example", "mx.pine.example", true],
    ["*.pine.example", "a.mx.pine.example", false],
    ["*.pine.example", "pine.example", false],
    ["*.pine.example", ".pine.example", false],
    ["m*.pine.example", "mx.pine.example", false],
    ["*x.pine.example", "mx.pine.example", false],
    ["mx.*.example", "mx.pine.example", false],
    ["*.*.example", "mx.pine.example", false],
    ["*.example", "pine.example", false],
    ["*", "example", false],
    ["*.", "a.", false],
    ["xn--mnchen-3ya.example", "XN--MNCHEN-3YA.example", true],
    ["*.xn--mnchen-3ya.example", "mx.xn--mnchen-3ya.example", true],
    ["xn--*.example", "xn--mnchen-3ya.example", false],
    ["mx.pine.example\0.rook.example", "mx.pine.example", false],
    ["mx.pine.example.", "mx.pine.example", false],
    ["", "", false],
    ["192.0.2.1", "192.0.2.1", false],
    ["m\u00fcnchen.example", "m\u00fcnchen.example", false],
    // letters that fold to ASCII, UTF-8 read as octets, and junk
    ["mx.roo\u212a.example", "mx.rook.example", false],
    ["m\u00c3\u00bcnchen.example", "xn--mnchen-3ya.example", false],
    ["mx.pine.example ", "mx.pine.example", false],
    ["mx.pine.example\n", "mx.pine.example", false],
    ["mx..pine.example", "mx..pine.example", false],
    [".mx.pine.example", ".mx.pine.example", false],
    ["http://mx.pine.example", "mx.pine.example", false],
    ["mx.pine.example", "mx.pine.example.", false],
    ["_mx.pine.example", "_mx.pine.example", true],
    ["*.pine.example", "_mx.pine.example", true],
    ["*.*.pine.example", "a.mx.pine.example", false],
    ["x*.pine.example", "x*.pine.example", false],
    [`${"a".repeat(250)}.example`, `${"a".repeat(250)}.example`, false],
    // references that are patterns
    ["mx.pine.example", "*.pine.example", true],
    ["a.mx.pine.example", "*.pine.example", false],
    ["pine.example", "*.pine.example", false],
    ["*.pine.example", "*.pine.example", true],
    ["*.mx.pine.example", "*.pine.example", false],
    ["pine.example", "*.example", false],
    ["*.example", "*.example", false],
  ];
  const found = table.map(([presented, reference]) => [presented, reference, matchesName(presented, reference)]);
  assert.deepEqual(found, table);
});

test("matchesName: a wildcard never stands for more or less than one label", () => {
  const label = fc.stringMatching(/^[a-z0-9]{1,10}$/);
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 5 }), (labels) => {
      const name = [...labels, "pine", "example"].join(".");
      assert.equal(matchesName("*.pine.example", name), labels.length === 1);
      assert.equal(matchesName(name, "*.pine.example"), labels.length === 1);
    }),
  );
});

test("peerNames: DNS names and addresses as the certificate has them; the common name is none (RFC 9525 §6.3)", async () => {
  const ca = await testCa();
  const leaf = await ca.issue(["mx.pine.example", "*.Rook.example", "192.0.2.1", "2001:db8::1"], {
    commonName: "cn.pine.example",
  });
  const names = peerNames(leaf.der);
  assert.deepEqual(names, {
    ok: true,
    value: { dns: ["mx.pine.example", "*.Rook.example"], ip: ["192.0.2.1", "2001:db8::1"] },
  });
  assert.ok(names.ok);
  assert.equal(matchesAny(names.value, ["cn.pine.example"]), false);
  assert.equal(matchesAny(names.value, ["other.example", "a.rook.example"]), true);
  assert.equal(matchesAddress(names.value, "192.0.2.1"), true);
  assert.equal(matchesAny(names.value, ["192.0.2.1"]), false);
});

test("peerNames: a certificate without subjectAltName has no names", async () => {
  const nameless = await leafFor();
  assert.deepEqual(peerNames(nameless), { ok: true, value: { dns: [], ip: [] } });
});

test("peerNames: agrees with OpenSSL about names that need no quoting", async () => {
  const name = fc.stringMatching(/^[a-z]{1,8}(\.[a-z]{1,8}){1,3}$/);
  const ca = await testCa();
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), async (wanted) => {
      const { der } = await ca.issue(wanted);
      const names = peerNames(der);
      assert.ok(names.ok);
      assert.equal(names.value.dns.map((one) => `DNS:${one}`).join(", "), new X509Certificate(der).subjectAltName);
    }),
    { numRuns: 10 },
  );
});

test("peerNames: addresses of no length are none; what is malformed is an error", () => {
  const odd = mint({ names: ["ip:c00002", "ip:c0000201", "uri:x", "mx.pine.example"] });
  assert.deepEqual(peerNames(odd.der), { ok: true, value: { dns: ["mx.pine.example"], ip: ["192.0.2.1"] } });
  const broken = mint({ more: [["551d11", false, Uint8Array.from([0x30, 1, 0x82])]] });
  assert.deepEqual(peerNames(broken.der), { ok: false, error: "the certificate's subjectAltName is malformed" });
  assert.equal(peerNames(new Uint8Array(3)).ok, false);
});

test("readCertificate: any damage gives a value or an error, never an exception", async () => {
  const whole = await leafFor("mx.pine.example", "*.pine.example");
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, octet, end) => {
      const damaged = Uint8Array.from(whole);
      damaged[at] = octet;
      readCertificate(damaged);
      readCertificate(damaged.subarray(0, end));
    }),
    { numRuns: 2000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => void readCertificate(octets)));
  for (let end = 0; end < whole.length; end++) assert.equal(readCertificate(whole.subarray(0, end)).ok, false);
  assert.equal(readCertificate(Uint8Array.from([...whole, 0])).ok, false);
});

test("derElement: lengths must be definite, minimal and inside the limit", () => {
  const table: readonly [octets: number[], expected: unknown][] = [
    [[0x30, 0x00], { tag: 0x30, start: 0, content: 2, end: 2 }],
    [[0x04, 0x02, 1, 2], { tag: 4, start: 0, content: 2, end: 4 }],
    [[0x04, 0x03, 1, 2], undefined],
    [[0x30, 0x80, 0, 0], undefined],
    [[0x04, 0x81, 0x01, 7], undefined],
    [[0x04, 0x82, 0x00, 0x80], undefined],
    [[0x1f, 0x01, 0x00], undefined],
    [[0x30], undefined],
    [[], undefined],
    [[0x04, 0x85, 0, 0, 0, 0, 1, 9], undefined],
  ];
  for (const [octets, expected] of table) assert.deepEqual(derElement(Uint8Array.from(octets), 0), expected);
  const long = Uint8Array.from([0x04, 0x81, 0x80, ...Array.from({ length: 128 }, () => 1)]);
  assert.equal(derElement(long, 0)?.end, 131);
  const parent = { tag: 0x30, start: 0, content: 0, end: 3 };
  assert.equal(derChildren(Uint8Array.from([0x05, 0x00, 0x05]), parent), undefined);
});
