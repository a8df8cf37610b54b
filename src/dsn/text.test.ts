import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { domain } from "../mail/mod.ts";
import {
  exactField,
  field,
  isAscii,
  printable,
  readable,
  sevenBit,
  typedAddress,
  typedOriginal,
  wrapped,
} from "./text.ts";

test("field: lines are folded at words and never split what cannot be folded (RFC 5322 §2.1.1)", () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[!-~]{1,40}$/), { minLength: 1, maxLength: 30 }), (words) => {
      const lines = field("Diagnostic-Code", words.join(" ")).split("\r\n");
      assert.equal(lines.pop(), "");
      assert.ok(lines.every((line) => line.length <= 78));
      assert.equal(lines.join("").slice("Diagnostic-Code: ".length), words.join(" "));
    }),
  );
});

test("printable, readable and sevenBit: nothing comes out that could move what is around it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 50 }), (text) => {
      assert.match(printable(text), /^[\x20-\x7e]*$/);
      assert.match(sevenBit(text.toWellFormed()), /^[\x21-\x7e]*$/);
      assert.ok(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(readable(text)));
      assert.ok(readable(text).isWellFormed());
    }),
  );
  assert.equal(
    readable("Gr\u00fc\u00dfe \u202egpj.exe\u2028 \ud800 \u{e0001}\x1b[2J"),
    "Gr\u00fc\u00dfe ?gpj.exe? \ufffd ??[2J",
  );
});

test("wrapped: no line is longer than mail carries, whatever is said (RFC 5322 §2.1.1)", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 1500 }), (text) => {
      for (const line of wrapped(readable(text), "    | ").split("\r\n")) {
        assert.ok(Buffer.byteLength(line) <= 998);
      }
    }),
  );
});

test("exactField: an identifier keeps its spaces and its case (RFC 3464 §2.2.1)", () => {
  assert.equal(exactField("Original-Envelope-Id", "a  B   c"), "Original-Envelope-Id: a  B   c\r\n");
});

test("typedAddress, typedOriginal: the forms of RFC 6533 §3", () => {
  const plain = { localPart: "bo", domain: domain("oak.example") };
  const wide = { localPart: "b\u00fc=\u{1f4e7}", domain: domain("oak.example") };
  assert.deepEqual(
    [plain, wide].flatMap((one) => [typedAddress(one, false), typedAddress(one, true)]),
    [
      "rfc822; bo@oak.example",
      "rfc822; bo@oak.example",
      "utf-8; b\\x{FC}\\x{3D}\\x{1F4E7}@oak.example",
      "utf-8; b\u00fc=\u{1f4e7}@oak.example",
    ],
  );
  const original = [
    { type: "rfc822", address: "Bo+tag@Oak.example" },
    { type: "utf-8", address: "b\u00fc@oak.example" },
    { type: "x400", address: "/S=bo/ \u00fc\r\nX: y" },
  ];
  assert.deepEqual(
    original.flatMap((one) => [typedOriginal(one, false), typedOriginal(one, true)]),
    [
      "rfc822; Bo+tag@Oak.example",
      "rfc822; Bo+tag@Oak.example",
      "utf-8; b\\x{FC}@oak.example",
      "utf-8; b\u00fc@oak.example",
      "x400; /S=bo/ ???X: y",
      "x400; /S=bo/ \u00fc??X: y",
    ],
  );
  assert.deepEqual([isAscii("a"), isAscii("\u00fc")], [true, false]);
});
