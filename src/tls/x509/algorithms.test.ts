import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { der, fromHex } from "../../../test/support/mint.ts";
import { keyFault, signatureFault } from "./algorithms.ts";

const oid = (hex: string): Uint8Array => der(0x06, fromHex(hex));
const key = (algorithm: Uint8Array, octets: Uint8Array | number[]): Uint8Array =>
  der(0x30, algorithm, der(0x03, [0], octets));
const RSA = der(0x30, oid("2a864886f70d010101"), [5, 0]);
const number = (octets: number, first = 0xc0): Uint8Array =>
  der(0x02, first >= 0x80 ? [0] : [], [first], new Uint8Array(octets - 1).fill(0xff));
const rsa = (octets: number, first = 0xc0, exponent = 3): Uint8Array =>
  key(RSA, der(0x30, number(octets, first), number(exponent, 1)));

test("keyFault: real keys of every kind that OpenSSL makes", () => {
  const spki = (pair: { publicKey: { export(format: object): unknown } }): Uint8Array =>
    new Uint8Array(pair.publicKey.export({ type: "spki", format: "der" }) as Uint8Array);
  const table: readonly (readonly [key: Uint8Array, fault: string | undefined])[] = [
    [spki(generateKeyPairSync("rsa", { modulusLength: 2048 })), undefined],
    [spki(generateKeyPairSync("rsa-pss", { modulusLength: 2048 })), undefined],
    [spki(generateKeyPairSync("rsa", { modulusLength: 1024 })), "its RSA key has 1024 bits"],
    [spki(generateKeyPairSync("ed25519")), undefined],
    [spki(generateKeyPairSync("ed448")), undefined],
    [spki(generateKeyPairSync("ml-dsa-65")), undefined],
    [spki(generateKeyPairSync("x25519")), "its public key is of an unusual kind"],
    [spki(generateKeyPairSync("dsa", { modulusLength: 1024 })), "its public key is of an unusual kind"],
    [spki(generateKeyPairSync("ec", { namedCurve: "prime192v1" })), "its public key is on an unusual curve"],
    [
      spki(generateKeyPairSync("ec", { namedCurve: "P-256", paramEncoding: "explicit" })),
      "its public key is on an unusual curve",
    ],
    ...[
      "secp224r1",
      "P-256",
      "P-384",
      "P-521",
      "secp256k1",
      "brainpoolP256r1",
      "brainpoolP384r1",
      "brainpoolP512r1",
    ].map((namedCurve) => [spki(generateKeyPairSync("ec", { namedCurve })), undefined] as const),
  ];
  for (const [one, fault] of table) assert.equal(keyFault(one)?.detail, fault);
});

test("keyFault: RSA within 2048 and 16384 bits, with an exponent that is quick", () => {
  const table: readonly (readonly [key: Uint8Array, fault: string | undefined])[] = [
    [rsa(256), undefined],
    [rsa(256, 0x7f), "its RSA key has 2047 bits"],
    [rsa(257, 0x01), undefined],
    [rsa(2048), undefined],
    [rsa(2049, 0x01), "its RSA key is out of bounds"],
    [rsa(256, 0xc0, 9), undefined],
    [rsa(256, 0xc0, 10), "its RSA key is out of bounds"],
    [key(RSA, der(0x30, der(0x02, [0]), der(0x02, [3]))), "its RSA key has 0 bits"],
    [key(RSA, der(0x30, number(256))), "its RSA key is malformed"],
    [key(RSA, der(0x30)), "its RSA key is malformed"],
    [key(RSA, [1, 2, 3]), "its RSA key is malformed"],
    [key(RSA, der(0x30, der(0x03, [1]), der(0x02, [3]))), "its RSA key is malformed"],
  ];
  for (const [one, fault] of table) assert.equal(keyFault(one)?.detail, fault);
});

test("keyFault: what is malformed is refused", () => {
  for (const one of [new Uint8Array(0), der(0x30), key(der(0x30), [1]), key(der(0x30, [5, 0]), [1])]) {
    assert.deepEqual(keyFault(one), { kind: "unusable", detail: "its public key is malformed" });
  }
  assert.equal(keyFault(key(der(0x30, oid("2a8648ce3d0201")), [4]))?.detail, "its public key is on an unusual curve");
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => keyFault(octets) !== undefined));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => keyFault(key(RSA, octets)) !== undefined));
});

test("signatureFault: SHA-2 with RSA and ECDSA, PSS, Ed25519, Ed448 and ML-DSA, nothing older", () => {
  const pss = (hash: string): Uint8Array =>
    der(0x30, oid("2a864886f70d01010a"), der(0x30, der(0xa0, der(0x30, oid(hash), [5, 0]))));
  const weakPss = "it is signed with RSA-PSS and a weak or unusual hash";
  const weak = "it is signed with a weak or unusual algorithm";
  const table: readonly (readonly [algorithm: Uint8Array, fault: string | undefined])[] = [
    ...["0e", "0b", "0c", "0d"].map((last) => [der(0x30, oid(`2a864886f70d0101${last}`), [5, 0]), undefined] as const),
    ...["01", "02", "03", "04"].map((last) => [der(0x30, oid(`2a8648ce3d0403${last}`)), undefined] as const),
    [der(0x30, oid("2b6570")), undefined],
    [der(0x30, oid("2b6571")), undefined],
    [der(0x30, oid("608648016503040312")), undefined],
    [pss("608648016503040201"), undefined],
    [pss("608648016503040203"), undefined],
    [pss("2b0e03021a"), weakPss],
    [der(0x30, oid("2a864886f70d01010a"), der(0x30)), weakPss],
    [der(0x30, oid("2a864886f70d01010a"), der(0x30, der(0xa1, der(0x30, oid("608648016503040201"))))), weakPss],
    [der(0x30, oid("2a864886f70d01010a"), der(0x30, [0xa0, 2, 0x30, 9])), weakPss],
    [der(0x30, oid("2a864886f70d01010a")), weakPss],
    [der(0x30, oid("2a864886f70d010105"), [5, 0]), weak],
    [der(0x30, oid("2a864886f70d010104"), [5, 0]), weak],
    [der(0x30, oid("2a8648ce3d0401")), weak],
    [der(0x30, oid("2a864886f70d010101"), [5, 0]), weak],
    [der(0x30), weak],
    [new Uint8Array(0), weak],
  ];
  for (const [one, fault] of table) assert.equal(signatureFault(one), fault, Buffer.from(one).toString("hex"));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (octets) => void signatureFault(octets)));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (octets) => {
      const parameters = der(0x30, oid("2a864886f70d01010a"), octets);
      assert.equal(typeof signatureFault(parameters), "string");
    }),
  );
});
