import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { getCACertificates } from "node:tls";
import fc from "fast-check";
import { der, mint, type MintOptions, PURPOSE } from "../../../test/support/mint.ts";
import { derChildren, derElement } from "../der.ts";
import { keyFault } from "./algorithms.ts";
import { parseCertificate } from "./certificate.ts";
import { outlineOf, publicKeyOf } from "./outline.ts";

const whole = mint({
  subject: "Whole",
  ca: true,
  pathLength: 2,
  names: ["mx.pine.example"],
  purposes: [PURPOSE.serverAuth],
  permitted: ["pine.example"],
  more: [["551d20", true, der(0x30)]],
});

test("parseCertificate: all that a path needs (RFC 5280 §4)", () => {
  const parsed = parseCertificate(whole.der);
  assert.ok(parsed.ok);
  const { outline, ...rest } = parsed.value;
  assert.deepEqual(rest, {
    notBefore: Date.UTC(2026, 0, 1),
    notAfter: Date.UTC(2036, 0, 1),
    issuer: rest.subject,
    subject: { rdns: [`["550403","=whole"]`], commonNames: ["Whole"], emails: [] },
    alternativeNames: [{ kind: "dns", name: "mx.pine.example" }],
    basic: { ca: true, pathLength: 2 },
    usage: { certSign: true, tls: false },
    purposes: ["1.3.6.1.5.5.7.3.1"],
    constraints: { permitted: [{ kind: "dns", name: "pine.example" }], excluded: [] },
    beyondUs: false,
  });
  assert.deepEqual(
    [outline.version, outline.spki, outline.subject, outline.der],
    [3, whole.spki, whole.name, whole.der],
  );
  const plain = parseCertificate(mint({ version: 1 }).der);
  assert.ok(plain.ok);
  assert.deepEqual([plain.value.outline.version, plain.value.basic, plain.value.beyondUs], [1, undefined, false]);
});

test("parseCertificate: an extension that is malformed or stands twice refuses the certificate (RFC 5280 §4.2)", () => {
  const junk = new Uint8Array([0x0c, 0]);
  const malformed = "an extension of the certificate is malformed";
  for (const id of ["551d11", "551d13", "551d0f", "551d25", "551d1e"]) {
    const parsed = parseCertificate(mint({ usage: null, more: [[id, false, junk]] }).der);
    assert.equal(parsed.ok ? "" : parsed.error, malformed, id);
  }
  const twice = mint({ ca: true, more: [["551d13", false, der(0x30)]] });
  assert.deepEqual(parseCertificate(twice.der), { ok: false, error: "an extension stands twice in the certificate" });
  const unknown = (critical: boolean): boolean | undefined => {
    const parsed = parseCertificate(mint({ more: [["2a0304", critical, junk]] }).der);
    return parsed.ok ? parsed.value.beyondUs : undefined;
  };
  assert.deepEqual([unknown(true), unknown(false)], [true, false]);
});

test("parseCertificate: malformed names and dates refuse the certificate", () => {
  const error = (options: MintOptions): string => {
    const parsed = parseCertificate(mint(options).der);
    return parsed.ok ? "" : parsed.error;
  };
  const broken = { ...whole, name: der(0x30, der(0x30)) };
  assert.equal(error({ issuer: broken }), "a name in the certificate is malformed");
  assert.equal(error({ tamper: replace(3, der(0x30)) }), "the certificate's dates are malformed");
  assert.equal(error({ tamper: replace(4, der(0x30, der(0x30))) }), "a name in the certificate is malformed");
});

test("parseCertificate: agrees with OpenSSL about every root that comes with Node.js", () => {
  const roots = getCACertificates("bundled").map((pem) => new X509Certificate(pem));
  assert.ok(roots.length > 100);
  for (const root of roots) {
    const parsed = parseCertificate(new Uint8Array(root.raw));
    assert.ok(parsed.ok, `${root.subject}: ${parsed.ok ? "" : parsed.error}`);
    const { notBefore, notAfter, basic, outline, issuer, subject, beyondUs } = parsed.value;
    assert.deepEqual([notBefore, notAfter], [root.validFromDate.getTime(), root.validToDate.getTime()], root.subject);
    assert.equal(basic?.ca ?? false, root.ca, root.subject);
    assert.deepEqual(outline.spki, new Uint8Array(root.publicKey.export({ type: "spki", format: "der" })));
    assert.deepEqual(issuer.rdns, subject.rdns);
    assert.equal(beyondUs, false);
    assert.equal(keyFault(outline.spki), undefined, root.subject);
    const commonNames = root.subject.split("\n").flatMap((line) => (line.startsWith("CN=") ? [line.slice(3)] : []));
    if (!root.subject.includes("\\")) assert.deepEqual(subject.commonNames, commonNames);
  }
});

test("outlineOf: each part must be there and of its kind (RFC 5280 §4.1)", () => {
  const tbs = derElement(whole.der, 0);
  assert.ok(tbs !== undefined);
  const [body, algorithm, signature] = (derChildren(whole.der, tbs) ?? []).map((part) =>
    whole.der.slice(part.start, part.end),
  );
  assert.ok(body !== undefined && algorithm !== undefined && signature !== undefined);
  const error = (bytes: Uint8Array): string => {
    const outline = outlineOf(bytes);
    return outline.ok ? "" : outline.error;
  };
  const shape = "the certificate is not a body, an algorithm and a signature";
  assert.equal(error(new Uint8Array(0)), "the certificate is not one DER sequence");
  assert.equal(error(der(0x30)), "the certificate is not one DER sequence");
  assert.equal(error(der(0x30, body, algorithm)), shape);
  assert.equal(error(der(0x30, body, signature, signature)), shape);
  assert.equal(error(der(0x30, body, algorithm, signature, signature)), shape);
  assert.equal(error(der(0x30, der(0x31), algorithm, signature)), "the certificate's body is malformed");
  assert.equal(
    error(der(0x30, Uint8Array.from([0x30, 1, 0x30]), algorithm, signature)),
    "the certificate's body is malformed",
  );
  const table: readonly [at: number, part: Uint8Array, expected: string][] = [
    [-1, der(0xa0, der(0x02, [3])), "the certificate's version is unknown"],
    [-1, der(0xa0, der(0x02, [2, 0])), "the certificate's version is unknown"],
    [-1, der(0xa0, der(0x02, [2]), der(0x02, [2])), "the certificate's version is unknown"],
    [-1, der(0xa0, der(0x03, [2])), "the certificate's version is unknown"],
    [-1, der(0xa0), "the certificate's version is unknown"],
    [0, der(0x03, [0]), "the certificate has no serial number"],
    [2, der(0x31), "the certificate has no names"],
    [3, der(0x31), "the certificate has no dates"],
    [4, der(0x31), "the certificate has no names"],
    [5, der(0x31), "the certificate has no public key"],
    [6, der(0xa3), "the certificate's extensions are malformed"],
    [6, der(0xa3, der(0x31)), "the certificate's extensions are malformed"],
    [6, der(0xa3, der(0x30), der(0x30)), "the certificate's extensions are malformed"],
    [6, der(0xa3, Uint8Array.from([0x30, 1, 0x30])), "the certificate's extensions are malformed"],
    ...EXTENSIONS.map((one): [number, Uint8Array, string] => [
      6,
      der(0xa3, der(0x30, one)),
      "an extension of the certificate is malformed",
    ]),
  ];
  for (const [at, part, expected] of table) {
    const changed = replace(at, part)(body);
    assert.equal(error(der(0x30, changed, algorithm, signature)), expected, Buffer.from(part).toString("hex"));
  }
  assert.equal(error(der(0x30, replace(6, der(0xa3, der(0x30)))(body), algorithm, signature)), "");
  assert.equal(error(der(0x30, replace(-1, der(0xa0, der(0x02, [0])))(body), algorithm, signature)), "");
});

test("outlineOf: whether an extension is critical is what it says", () => {
  const value = der(0x04);
  const id = der(0x06, [0x2a]);
  const critical = (part: Uint8Array): unknown => {
    const outline = outlineOf(mint({ tamper: replace(6, der(0xa3, der(0x30, der(0x30, id, part, value)))) }).der);
    return outline.ok ? outline.value.extensions : undefined;
  };
  assert.deepEqual(critical(der(0x01, [0xff])), [{ id: "2a", critical: true, value: new Uint8Array(0) }]);
  assert.deepEqual(critical(der(0x01, [0])), [{ id: "2a", critical: false, value: new Uint8Array(0) }]);
  assert.deepEqual(critical(new Uint8Array(0)), [{ id: "2a", critical: false, value: new Uint8Array(0) }]);
});

test("publicKeyOf: an algorithm and a string of whole octets", () => {
  const found = publicKeyOf(whole.spki);
  assert.equal(found?.key.length, 65);
  const algorithm = der(0x30);
  for (const bytes of [
    new Uint8Array(0),
    der(0x30),
    der(0x30, algorithm),
    der(0x30, algorithm, der(0x04, [0, 1])),
    der(0x30, der(0x31), der(0x03, [0, 1])),
    der(0x30, algorithm, der(0x03, [1, 2])),
    der(0x30, algorithm, der(0x03)),
    der(0x30, algorithm, der(0x03, [0, 1]), algorithm),
  ]) {
    assert.equal(publicKeyOf(bytes), undefined, Buffer.from(bytes).toString("hex"));
  }
});

test("parseCertificate: any damage gives a value or an error, never an exception", () => {
  fc.assert(
    fc.property(fc.nat(whole.der.length - 1), fc.nat(255), fc.nat(whole.der.length), (at, octet, end) => {
      const damaged = Uint8Array.from(whole.der);
      damaged[at] = octet;
      parseCertificate(damaged);
      assert.equal(parseCertificate(whole.der.subarray(0, end)).ok, end === whole.der.length);
    }),
    { numRuns: 2000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => void parseCertificate(octets)));
});

/** Replaces one field of a body: -1 is the version, 0 the serial number. */
function replace(at: number, part: Uint8Array): (body: Uint8Array) => Uint8Array {
  return (body) => {
    const outer = derElement(body, 0);
    const fields = outer === undefined ? [] : (derChildren(body, outer) ?? []);
    return der(0x30, ...fields.map((field, place) => (place === at + 1 ? part : body.slice(field.start, field.end))));
  };
}

const EXTENSIONS: readonly Uint8Array[] = [
  der(0x31),
  der(0x30),
  der(0x30, der(0x06, [0x2a])),
  der(0x30, der(0x04), der(0x04)),
  der(0x30, der(0x06, [0x2a]), der(0x0c)),
  der(0x30, der(0x06, [0x2a]), der(0x0c), der(0x04)),
  der(0x30, der(0x06, [0x2a]), der(0x01), der(0x04)),
  der(0x30, der(0x06, [0x2a]), der(0x01, [1, 1]), der(0x04)),
  der(0x30, der(0x06, [0x2a]), der(0x01, [0xff]), der(0x04), der(0x04)),
  Uint8Array.from([0x30, 1, 0x06]),
];
