import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { utf8 } from "../base/mod.ts";
import { addMissingFields } from "./fixup.ts";
import { normaliseLines } from "./normalise.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

test("normaliseLines: every line ends in CRLF, the last one too; a CR alone is refused (RFC 5321 §2.3.8)", () => {
  const table: [string, string | null][] = [
    ["", ""],
    ["a\r\nb\r\n", "a\r\nb\r\n"],
    ["a\nb\n", "a\r\nb\r\n"],
    ["\n", "\r\n"],
    ["a\r\nb\nc", "a\r\nb\r\nc\r\n"],
    ["a\rb\n", null],
    ["a\r", null],
    ["a\n.\nb", "a\r\n.\r\nb\r\n"],
  ];
  for (const [given, expected] of table) {
    const result = normaliseLines(utf8(given));
    assert.equal(result.ok ? text(result.value) : null, expected, JSON.stringify(given));
  }
});

test("normaliseLines: the result has no bare CR or LF and the same lines, for any lines", () => {
  const line = fc.string({ unit: fc.constantFrom("a", ".", " ", "é", "\t") });
  fc.assert(
    fc.property(fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n"))), (lines) => {
      const result = normaliseLines(utf8(lines.flat().join("")));
      assert.ok(result.ok);
      assert.equal(Buffer.from(result.value).toString("utf8"), lines.map(([one]) => `${one}\r\n`).join(""));
    }),
  );
});

test("addMissingFields: adds what a message must have and nothing that it has (RFC 6409 §8.2, RFC 6409 §8.3)", () => {
  const fix = {
    from: { kind: "null" },
    date: "Tue, 3 Mar 2026 09:14:07 +0100",
    messageId: "id@mx.example",
  } as const;
  const added = "Date: Tue, 3 Mar 2026 09:14:07 +0100\r\nMessage-ID: <id@mx.example>\r\n";
  const table: [string, string][] = [
    ["Subject: x\r\n\r\nhello\r\n", `${added}Subject: x\r\n\r\nhello\r\n`],
    ["hello there\r\n", `${added}\r\nhello there\r\n`],
    ["", `${added}\r\n`],
    ["\r\nhello\r\n", `${added}\r\nhello\r\n`],
    ["Subject: x\r\n", `${added}Subject: x\r\n`],
    ["Subject: x\r\nhello there\r\n", `${added}Subject: x\r\n\r\nhello there\r\n`],
    ["date: now\r\nmessage-id: <a@b>\r\nhello\r\n", "date: now\r\nmessage-id: <a@b>\r\n\r\nhello\r\n"],
    [" hello\r\n", `${added}\r\n hello\r\n`],
    ["a\r\n\r\nb\r\n", `${added}\r\na\r\n\r\nb\r\n`],
    ["date: now\r\nMESSAGE-id: <a@b>\r\n\r\nx\r\n", "date: now\r\nMESSAGE-id: <a@b>\r\n\r\nx\r\n"],
  ];
  for (const [given, expected] of table) assert.equal(text(addMissingFields(utf8(given), fix).content), expected);
});
