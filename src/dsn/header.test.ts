import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fromUtf8, utf8 } from "../base/mod.ts";
import { headerSection, isEightBitClean, isSevenBit, messageIdOf, onlyFields, quotedPrintable } from "./header.ts";

test("headerSection: it ends where the body may begin, however broken the message", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["A: b\r\n\r\nbody: x\r\n", "A: b\r\n"],
    ["A: b\r\nno field here\r\nC: d\r\n\r\n", "A: b\r\n"],
    ["just text\r\nA: b\r\n", ""],
    [" continued: x\r\nA: b\r\n", ""],
    ["A: b\r\n c\r\n\td\r\nE : f\r\n\r\n", "A: b\r\n c\r\n\td\r\nE : f\r\n"],
    ["A: b\r\nC: incompl", "A: b\r\n"],
    ["", ""],
    [": x\r\n", ""],
    ["A b: c\r\n", ""],
    ["https://example: body\r\n", "https://example: body\r\n"],
  ];
  for (const [message, header] of rows) assert.equal(fromUtf8(headerSection(utf8(message))), header, message);
});

test("headerSection, quotedPrintable and onlyFields: any octets", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
      const header = headerSection(octets);
      assert.deepEqual(octets.subarray(0, header.length), header);
      assert.ok(onlyFields(header, new Set(["a"])).length <= header.length);
      const encoded = quotedPrintable(octets);
      assert.ok(encoded.every((octet) => octet < 0x7f));
      assert.ok(
        fromUtf8(encoded)
          .split("\r\n")
          .every((line) => line.length <= 76 && !/[ \t]$/.test(line)),
      );
      assert.deepEqual(decodeQuotedPrintable(fromUtf8(encoded)), octets);
    }),
  );
});

test("onlyFields: fields with their continuations", () => {
  const header = utf8("A: 1\r\n 2\r\nB: 3\r\na : 4\r\n\t5\r\nAB: 6\r\n");
  assert.equal(fromUtf8(onlyFields(header, new Set(["a"]))), "A: 1\r\n 2\r\na : 4\r\n\t5\r\n");
});

test("isSevenBit, isEightBitClean: what a 7-bit and an 8-bit part can carry (RFC 2045 §2.7, §2.8)", () => {
  const rows: readonly (readonly [string, boolean, boolean])[] = [
    ["", true, true],
    ["a\r\nb\r\n", true, true],
    ["a", true, true],
    ["\u00fc\r\n", false, true],
    ["a\nb", false, false],
    ["a\rb", false, false],
    ["a\r", false, false],
    ["\n", false, false],
    ["\0", false, false],
    ["\x7f", false, true],
    [`${"x".repeat(998)}\r\n`, true, true],
    [`${"x".repeat(999)}\r\n`, false, false],
  ];
  for (const [text, seven, eight] of rows) {
    assert.deepEqual([isSevenBit(utf8(text)), isEightBitClean(utf8(text))], [seven, eight], JSON.stringify(text));
  }
});

test("messageIdOf: only what another field may repeat as it is (RFC 5322 §3.6.4)", () => {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["Message-ID: <1@pine.example>\r\n", "<1@pine.example>"],
    ["message-id :\r\n <a.b+c@[IPv6:::1]> (comment)\r\n", "<a.b+c@[IPv6:::1]>"],
    ["Message-ID: <1@a>\r\nMessage-ID: <2@a>\r\n", "<1@a>"],
    ["Message-ID: 1@pine.example\r\n", undefined],
    ["Message-ID: <1 2@pine.example>\r\n", undefined],
    ["Message-ID: <1@pine>, <2@pine>\r\n", "<1@pine>"],
    ["Message-ID: <1@\r\n pine.example>\r\n", undefined],
    ["Message-ID: <\u00fc@pine.example>\r\n", undefined],
    [`Message-ID: <${"x".repeat(300)}@a>\r\n`, undefined],
    ["Subject: <1@pine.example>\r\n", undefined],
    ["", undefined],
  ];
  for (const [header, id] of rows) assert.equal(messageIdOf(utf8(header)), id, JSON.stringify(header));
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
      const id = messageIdOf(utf8(`Message-ID: ${text}\r\n`));
      if (id !== undefined) assert.match(id, /^<[!-~]+@[!-~]+>$/);
    }),
  );
});

function decodeQuotedPrintable(text: string): Uint8Array {
  const octets: number[] = [];
  const whole = text.replaceAll("=\r\n", "");
  for (let at = 0; at < whole.length; at++) {
    if (whole[at] === "=") {
      octets.push(Number.parseInt(whole.slice(at + 1, at + 3), 16));
      at += 2;
    } else octets.push(whole.charCodeAt(at));
  }
  return Uint8Array.from(octets);
}
