import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fromUtf8, utf8 } from "../base/mod.ts";
import { formatMailbox } from "../mail/mod.ts";
import { addressees, hasField, withoutEnvelopeLine, withoutPrivateFields } from "./addressees.ts";

test("addressees: To, Cc and Bcc, folded and grouped; Resent fields replace them (RFC 5322 §3.6.3, §3.6.6)", () => {
  const table: readonly [header: string, mailboxes: readonly string[], unreadable: readonly string[]][] = [
    [
      "To: ann@rook.example\nCc: Bo <bo@pine.example>,\n\tcy\nBcc: dee@pine.example\n",
      ["ann@rook.example", "bo@pine.example", "cy@here.example", "dee@pine.example"],
      [],
    ],
    [
      "to: friends: ann@rook.example, bo@pine.example;\r\n\r\nTo: no@body.example\r\n",
      ["ann@rook.example", "bo@pine.example"],
      [],
    ],
    [
      "To: ann@rook.example\nResent-To: bo@pine.example\nresent-bcc: cy@pine.example\n",
      ["bo@pine.example", "cy@pine.example"],
      [],
    ],
    ["To: a@b@c.example, ann@rook.example\n", ["ann@rook.example"], ["a@b@c.example"]],
    ["To: undisclosed-recipients:;\n", [], []],
    ["Subject: x\n\nTo: ann@rook.example\n", [], []],
    ["To:\n", [], []],
    ["", [], []],
  ];
  const found = table.map(([header]) => {
    const { mailboxes, unreadable } = addressees(utf8(header), "here.example");
    return [header, mailboxes.map(formatMailbox), unreadable];
  });
  assert.deepEqual(found, table);
});

test("withoutPrivateFields: Bcc and Return-Path go with their folded lines, the body stays (RFC 5322 §3.6.3)", () => {
  const table: readonly [string, string][] = [
    ["Bcc: a@b.example,\n c@d.example\nTo: x@y.example\n\nBcc: text\n", "To: x@y.example\n\nBcc: text\n"],
    ["To: x@y.example\r\nBCC : a@b.example\r\nReturn-Path: <>\r\n\r\nhi\r\n", "To: x@y.example\r\n\r\nhi\r\n"],
    ["just text\nBcc: a@b.example\n", "just text\nBcc: a@b.example\n"],
    ["Bcc: a@b.example", ""],
  ];
  for (const [given, expected] of table) assert.equal(fromUtf8(withoutPrivateFields(utf8(given))), expected);
});

test("hasField: in the header alone", () => {
  assert.equal(hasField(utf8("From: a@b.example\n\nDate: x\n"), "from"), true);
  assert.equal(hasField(utf8("From: a@b.example\n\nDate: x\n"), "date"), false);
});

test("withoutPrivateFields: no Bcc field is left and nothing else is lost, for any header", () => {
  const line = fc.constantFrom("Bcc: a@b.example", "To: c@d.example", " folded", "\tmore", "X: y", "no field", "");
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const content = utf8(lines.map((one) => `${one}\n`).join(""));
      const left = withoutPrivateFields(content);
      assert.equal(hasField(left, "bcc"), false);
      assert.deepEqual(withoutPrivateFields(left), left);
      assert.ok(left.length <= content.length);
    }),
  );
});

test("withoutEnvelopeLine: the first line of mailbox files goes, a field From stays", () => {
  const table = [
    ["From ann Tue Mar  3\nTo: bo@pine.example\n", "To: bo@pine.example\n"],
    [">From ann\r\nTo: x\r\n", "To: x\r\n"],
    ["From: ann@rook.example\n", "From: ann@rook.example\n"],
    ["From ann", "From ann"],
    ["", ""],
  ] as const;
  for (const [content, expected] of table)
    assert.equal(fromUtf8(withoutEnvelopeLine(utf8(content))), expected, content);
  const { mailboxes } = addressees(withoutEnvelopeLine(utf8("From ann\nTo: bo@pine.example\n\n")), "rook.example");
  assert.equal(mailboxes.length, 1);
});
