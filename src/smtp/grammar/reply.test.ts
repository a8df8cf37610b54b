import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../../base/mod.ts";
import { statusOf } from "../../status/mod.ts";
import { enhancedCodeOf, formatReply, formatStatus } from "./reply.ts";

test("formatReply puts the enhanced code on every line (RFC 2034 §4)", () => {
  assert.equal(formatReply({ code: 250, lines: ["a", "b"] }, "2.0.0"), "250-2.0.0 a\r\n250 2.0.0 b\r\n");
  assert.equal(formatReply({ code: 354, lines: ["go on"] }), "354 go on\r\n");
  assert.equal(formatStatus(statusOf("unknown-recipient")), "550 5.1.1 No such mailbox here\r\n");
});

test("formatReply never lets a text break out of its line or exceed 512 octets (RFC 5321 §4.5.3.1.5)", () => {
  assert.equal(formatReply({ code: 550, lines: ["a\r\n250 b\0"] }, "5.0.0"), "550 5.0.0 a??250 b?\r\n");
  for (const character of ["x", "é", "\u{1f4ec}"]) {
    assert.ok(utf8(formatReply({ code: 550, lines: [character.repeat(600)] }, "5.7.100")).length <= 512);
  }
  assert.equal(formatReply({ code: 550, lines: ["x".repeat(600)] }).length, 512);
});

test("enhancedCodeOf takes a code whose class agrees with the reply (RFC 2034 §4)", () => {
  const table: readonly (readonly [number, string, string | undefined])[] = [
    [550, "5.1.1 no such user", "5.1.1"],
    [550, "5.1.10", "5.1.10"],
    [550, "4.1.1 no such user", undefined],
    [550, "5.1.1234 no", undefined],
    [550, "no 5.1.1", undefined],
    [250, "2.0.0 ok", "2.0.0"],
  ];
  assert.deepEqual(
    table.map(([code, text]) => [code, text, enhancedCodeOf({ code, lines: [text] })]),
    table,
  );
});
