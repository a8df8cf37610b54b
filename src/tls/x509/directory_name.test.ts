import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { der, fromHex, nameOf } from "../../../test/support/mint.ts";
import { directoryNameOf, isBelow } from "./directory_name.ts";

const CN = der(0x06, fromHex("550403"));
const attribute = (tag: number, value: Uint8Array): Uint8Array => der(0x30, CN, der(tag, value));
const single = (tag: number, value: Uint8Array): Uint8Array => der(0x30, der(0x31, attribute(tag, value)));
const rdnsOf = (name: Uint8Array): readonly string[] | undefined => directoryNameOf(name)?.rdns;

test("directoryNameOf: encoding, letter case and white space tell no names apart (RFC 5280 §7.1)", () => {
  const utf8 = rdnsOf(single(0x0c, Buffer.from("Pine CA")));
  assert.equal(utf8?.length, 1);
  for (const [tag, value] of [
    [0x13, Buffer.from("PINE ca")],
    [0x16, Buffer.from("  Pine \t CA ")],
    [0x14, Buffer.from("pine CA")],
    [0x1e, Buffer.from("Pine CA", "utf16le").swap16()],
    [0x0c, Buffer.from("\uff30ine CA")],
  ] as const) {
    assert.deepEqual(rdnsOf(single(tag, value)), utf8, `tag ${tag}`);
  }
  for (const [tag, value] of [
    [0x0c, Buffer.from("PineCA")],
    [0x0c, Buffer.from("Pine CA.")],
    // what is no text of its kind is compared octet for octet
    [0x0c, Uint8Array.from([0xff, 0x50])],
    [0x1e, Buffer.from("Pine CA")],
    [0x03, Buffer.from("Pine CA")],
  ] as const) {
    const found = rdnsOf(single(tag, value));
    assert.equal(found?.length, 1);
    assert.notDeepEqual(found, utf8, `tag ${tag}`);
  }
});

test("directoryNameOf: common names and addresses of mail, in the order of the name", () => {
  const name = nameOf([
    ["550406", "DE"],
    ["550403", "Pine"],
    ["2a864886f70d010901", "bo@pine.example"],
    ["550403", "mx.pine.example"],
  ]);
  const found = directoryNameOf(name);
  assert.deepEqual(
    [found?.commonNames, found?.emails, found?.rdns.length],
    [["Pine", "mx.pine.example"], ["bo@pine.example"], 4],
  );
  assert.deepEqual(directoryNameOf(der(0x30)), { rdns: [], commonNames: [], emails: [] });
});

test("directoryNameOf: the members of one relative name have no order, relative names have", () => {
  const [a, b] = [attribute(0x0c, Buffer.from("a")), attribute(0x0c, Buffer.from("b"))];
  assert.deepEqual(rdnsOf(der(0x30, der(0x31, a, b))), rdnsOf(der(0x30, der(0x31, b, a))));
  assert.notDeepEqual(rdnsOf(der(0x30, der(0x31, a), der(0x31, b))), rdnsOf(der(0x30, der(0x31, b), der(0x31, a))));
  assert.notDeepEqual(rdnsOf(der(0x30, der(0x31, a, b))), rdnsOf(der(0x30, der(0x31, a), der(0x31, b))));
});

test("directoryNameOf: what is malformed is no name", () => {
  const value = der(0x0c, Buffer.from("x"));
  for (const name of [
    der(0x31),
    der(0x30, der(0x30, attribute(0x0c, Buffer.from("x")))),
    der(0x30, der(0x31)),
    der(0x30, der(0x31, der(0x31, CN, value))),
    der(0x30, der(0x31, der(0x30, CN))),
    der(0x30, der(0x31, der(0x30, value, value))),
    der(0x30, der(0x31, der(0x30, CN, value, value))),
    der(0x30, der(0x31, der(0x30, [0x06, 0x05, 1]))),
    der(0x30, der(0x31, [0x30, 0x05, 1])),
    der(0x30, der(0x31, der(0x30))),
    Uint8Array.from([0x30, 0x01, 0x31]),
    new Uint8Array(0),
  ]) {
    assert.equal(directoryNameOf(name), undefined, Buffer.from(name).toString("hex"));
  }
});

test("directoryNameOf: any text reads back folded alike, and any octets give a value or undefined", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 30 }), (text) => {
      const well = text.toWellFormed();
      assert.deepEqual(directoryNameOf(nameOf(well))?.commonNames, [well]);
    }),
    { numRuns: 30 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (octets) => void directoryNameOf(octets)));
});

test("isBelow: the base itself and what begins with it (RFC 5280 §4.2.1.10)", () => {
  assert.equal(isBelow(["a", "b"], ["a"]), true);
  assert.equal(isBelow(["a"], ["a"]), true);
  assert.equal(isBelow(["a"], []), true);
  assert.equal(isBelow(["a"], ["a", "b"]), false);
  assert.equal(isBelow(["b", "a"], ["a"]), false);
});
