import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../base/mod.ts";
import { scanFields } from "./fields.ts";

const names = (text: string): string[] => scanFields(utf8(text)).fields.map((field) => `${field.name}=${field.value}`);

test("scanFields reads LF, CRLF and mixed line ends, and bare CR when there is no LF", () => {
  const want = ["A= 1", "B= 2", "C= 3"];
  for (const text of [
    "A: 1\nB: 2\nC: 3\n\nbody",
    "A: 1\r\nB: 2\r\nC: 3\r\n\r\nbody",
    "A: 1\r\nB: 2\nC: 3\r\n\nbody",
    "A: 1\rB: 2\rC: 3\r\rbody",
  ])
    assert.deepEqual(names(text), want, JSON.stringify(text));
});

test("scanFields keeps folding in raw and value, and gives offsets (RFC 5322 §2.2.3)", () => {
  const section = scanFields(utf8("From ann\nSubject: a\n\tb\nTo : c\n\nbody"));
  assert.deepEqual(section, {
    fields: [
      { name: "Subject", raw: "Subject: a\n\tb", value: " a\n\tb", offset: 9 },
      { name: "To", raw: "To : c", value: " c", offset: 23 },
    ],
    bodyOffset: 31,
  });
});

test("scanFields ends before a line that is no field, at the end, and at its limits", () => {
  assert.deepEqual(names("A: 1\nno field\nB: 2\n"), ["A= 1"]);
  assert.deepEqual(names("no field\nB: 2\n"), []);
  assert.deepEqual(names(" folded\nB: 2\n"), []);
  assert.deepEqual(names("A: 1"), ["A= 1"]);
  assert.deepEqual(names(""), []);
  assert.equal(scanFields(utf8("A: 1\nB: 2\n"), { maxFields: 1 }).cut, "too-many-fields");
  assert.equal(scanFields(utf8("A: 1\nB: 2\n"), { maxOctets: 7 }).cut, "too-long");
});

test("scanFields decodes UTF-8, and Latin-1 where it is no UTF-8, and decodes wanted fields only", () => {
  assert.deepEqual(names("A: b\u00fc\n"), ["A= b\u00fc"]);
  assert.equal(scanFields(new Uint8Array([65, 58, 0xfc, 10])).fields[0]?.value, "\u00fc");
  const only = scanFields(utf8("A: 1\nReceived: 2\n"), { only: new Set(["received"]) });
  assert.deepEqual(
    only.fields.map((field) => field.value),
    [" 2"],
  );
});
