import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { der, fromHex, PURPOSE } from "../../../test/support/mint.ts";
import { basicConstraintsOf, extendedKeyUsageOf, keyUsageOf, SERVER_AUTH } from "./extensions.ts";

const yes = der(0x01, [0xff]);

test("basicConstraintsOf: absent means no CA; a path length is a small number (RFC 5280 §4.2.1.9)", () => {
  assert.deepEqual(basicConstraintsOf(der(0x30)), { ca: false, pathLength: undefined });
  assert.deepEqual(basicConstraintsOf(der(0x30, der(0x01, [0]))), { ca: false, pathLength: undefined });
  assert.deepEqual(basicConstraintsOf(der(0x30, yes)), { ca: true, pathLength: undefined });
  assert.deepEqual(basicConstraintsOf(der(0x30, yes, der(0x02, [0]))), { ca: true, pathLength: 0 });
  assert.deepEqual(basicConstraintsOf(der(0x30, yes, der(0x02, [1, 0]))), { ca: true, pathLength: 256 });
  assert.deepEqual(basicConstraintsOf(der(0x30, der(0x02, [3]))), { ca: false, pathLength: 3 });
  for (const value of [
    der(0x31),
    der(0x30, der(0x02, [0xff])),
    der(0x30, der(0x02, [1, 0, 0])),
    der(0x30, der(0x02, [])),
    der(0x30, der(0x01, [1, 1])),
    der(0x30, yes, yes),
    der(0x30, der(0x30, yes)),
    Uint8Array.from([...der(0x30, yes), 0]),
    new Uint8Array(0),
  ]) {
    assert.equal(basicConstraintsOf(value), undefined, Buffer.from(value).toString("hex"));
  }
});

test("keyUsageOf: certificate signing, and what a TLS server needs (RFC 5280 §4.2.1.3)", () => {
  const table: readonly [bits: number[], certSign: boolean, tls: boolean][] = [
    [[7, 0x80], false, true],
    [[5, 0x20], false, true],
    [[3, 0x08], false, true],
    [[2, 0x04], true, false],
    [[1, 0x06], true, false],
    [[1, 0x86], true, true],
    [[6, 0x40], false, false],
    [[7, 0x00, 0x80], false, false],
    [[7, 0x80, 0x80], false, true],
    [[0, 0x00], false, false],
  ];
  for (const [bits, certSign, tls] of table)
    assert.deepEqual(keyUsageOf(der(0x03, bits)), { certSign, tls }, String(bits));
  for (const value of [
    der(0x03),
    der(0x03, [0]),
    der(0x03, [0, 1, 2, 3]),
    der(0x03, [8, 0x80]),
    der(0x04, [7, 0x80]),
    Uint8Array.from([...der(0x03, [7, 0x80]), 0]),
    new Uint8Array(0),
  ]) {
    assert.equal(keyUsageOf(value), undefined, Buffer.from(value).toString("hex"));
  }
});

test("keyUsageOf: every bit by itself, in one octet and in two", () => {
  for (let bit = 0; bit < 8; bit++) {
    const octet = 0x80 >> bit;
    const expected = { certSign: bit === 5, tls: bit === 0 || bit === 2 || bit === 4 };
    assert.deepEqual(keyUsageOf(der(0x03, [7 - bit, octet])), expected);
    assert.deepEqual(keyUsageOf(der(0x03, [7, octet, 0])), expected);
  }
});

test("extendedKeyUsageOf: the purposes, dotted (RFC 5280 §4.2.1.12)", () => {
  const purposes = [PURPOSE.clientAuth, PURPOSE.serverAuth, PURPOSE.any].map((one) => der(0x06, fromHex(one)));
  assert.deepEqual(extendedKeyUsageOf(der(0x30, ...purposes)), ["1.3.6.1.5.5.7.3.2", SERVER_AUTH, "2.5.29.37.0"]);
  for (const value of [
    der(0x30),
    der(0x30, der(0x06)),
    der(0x30, der(0x06, new Uint8Array(33))),
    der(0x30, der(0x06, [0x2b, 0x86])),
    der(0x30, der(0x0c, fromHex(PURPOSE.serverAuth))),
    der(0x30, ...Array.from({ length: 101 }, () => der(0x06, fromHex(PURPOSE.any)))),
    der(0x06, fromHex(PURPOSE.serverAuth)),
    new Uint8Array(0),
  ]) {
    assert.equal(extendedKeyUsageOf(value), undefined, Buffer.from(value).toString("hex"));
  }
});

test("extensions: any octets, and any octets in the right shape, give a value or undefined", () => {
  const readers = [basicConstraintsOf, keyUsageOf, extendedKeyUsageOf];
  const part = fc.tuple(fc.constantFrom(0x01, 0x02, 0x03, 0x06), fc.uint8Array({ maxLength: 4 }));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(part, { maxLength: 4 }), (octets, parts) => {
      const shaped = der(0x30, ...parts.map(([tag, content]) => der(tag, content)));
      for (const read of readers) for (const value of [octets, shaped, der(0x03, octets)]) read(value);
    }),
    { numRuns: 2000 },
  );
});
