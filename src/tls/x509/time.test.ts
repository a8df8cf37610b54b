import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { der } from "../../../test/support/mint.ts";
import { validityOf } from "./time.ts";

const utc = (text: string): Uint8Array => der(0x17, Buffer.from(text));
const general = (text: string): Uint8Array => der(0x18, Buffer.from(text));

test("validityOf: both forms of time, Zulu and with seconds (RFC 5280 §4.1.2.5)", () => {
  const table: readonly [first: Uint8Array, expected: string | undefined][] = [
    [utc("270301120000Z"), "2027-03-01T12:00:00.000Z"],
    [utc("491231235959Z"), "2049-12-31T23:59:59.000Z"],
    [utc("500101000000Z"), "1950-01-01T00:00:00.000Z"],
    [utc("991231235959Z"), "1999-12-31T23:59:59.000Z"],
    [general("20500101000000Z"), "2050-01-01T00:00:00.000Z"],
    [general("99991231235959Z"), "9999-12-31T23:59:59.000Z"],
    [general("00000101000000Z"), "0000-01-01T00:00:00.000Z"],
    [utc("280229000000Z"), "2028-02-29T00:00:00.000Z"],
    [utc("270229000000Z"), undefined],
    [utc("271301000000Z"), undefined],
    [utc("270100000000Z"), undefined],
    [utc("270101240000Z"), undefined],
    [utc("270101006000Z"), undefined],
    [utc("2701010000Z"), undefined],
    [utc("270101000000"), undefined],
    [utc("270101000000+0100"), undefined],
    [utc("27010100000 Z"), undefined],
    [utc("20270101000000Z"), undefined],
    [general("270101000000Z"), undefined],
    [general("20270101000000.5Z"), undefined],
    [general("20270101000000Zjunk".padEnd(100_000, "0")), undefined],
    [utc(""), undefined],
    [der(0x0c, Buffer.from("270101000000Z")), undefined],
  ];
  const end = utc("300101000000Z");
  for (const [first, expected] of table) {
    const found = validityOf(der(0x30, first, end));
    const text = Buffer.from(first.subarray(0, 40)).toString("latin1");
    assert.equal(found === undefined ? undefined : new Date(found.notBefore).toISOString(), expected, text);
    assert.equal(validityOf(der(0x30, end, first)) === undefined, expected === undefined, text);
  }
  assert.equal(validityOf(der(0x30, end)), undefined);
  assert.equal(validityOf(der(0x30, end, end, end)), undefined);
  assert.equal(validityOf(der(0x30)), undefined);
  assert.equal(validityOf(der(0x31, end, end)), undefined);
});

test("validityOf: every second of a century and a half reads back", () => {
  const instant = fc.integer({ min: Date.UTC(1950, 0, 1) / 1000, max: Date.UTC(2100, 0, 1) / 1000 });
  fc.assert(
    fc.property(instant, instant, (first, second) => {
      const written = [first, second].map((seconds) => {
        const digits = new Date(seconds * 1000).toISOString().replaceAll(/[-:T]|\.000/g, "");
        return seconds < Date.UTC(2050, 0, 1) / 1000 ? utc(digits.slice(2)) : general(digits);
      });
      assert.deepEqual(validityOf(der(0x30, ...written)), { notBefore: first * 1000, notAfter: second * 1000 });
    }),
  );
});

test("validityOf: any octets give a value or undefined", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => void validityOf(octets)));
  fc.assert(
    fc.property(fc.constantFrom(0x17, 0x18), fc.string({ maxLength: 20 }), (tag, text) => {
      void validityOf(der(0x30, der(tag, Buffer.from(text)), der(tag, Buffer.from(text))));
    }),
  );
});
