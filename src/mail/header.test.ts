import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type Bytes, utf8 } from "../base/mod.ts";
import { type HeaderReport, type HeaderScanOptions, headerScanner, LONGEST_VALUE } from "./header.ts";

function scanned(chunks: readonly (string | Bytes)[], options: HeaderScanOptions = {}): HeaderReport {
  const scan = headerScanner({ collect: ["delivered-to", "subject"], ...options });
  for (const chunk of chunks) scan.push(typeof chunk === "string" ? utf8(chunk) : chunk);
  scan.end();
  return scan.result();
}

function singly(text: string): Bytes[] {
  return Array.from(utf8(text), (octet) => Uint8Array.of(octet));
}

const MESSAGE = [
  "Received: by a.example; Tue, 3 Mar 2026 08:14:07 +0000",
  "RECEIVED: by b.example;",
  "\tTue, 3 Mar 2026 08:14:07 +0000",
  "Delivered-To: ann@rook.example",
  "Received-SPF: none",
  "delivered-to :\t bo@rook.example ",
  "Subject: one",
  "  two",
  "",
  "Received: in the body",
  "",
];

const EXPECTED: HeaderReport = {
  fields: 6,
  received: 2,
  octets: MESSAGE.slice(0, MESSAGE.indexOf("")).join("\r\n").length + 4,
  values: new Map([
    ["delivered-to", ["ann@rook.example", "bo@rook.example"]],
    ["subject", ["one  two"]],
  ]),
};

test("headerScanner: counts and collects, whatever the letter case, folding and white space before the colon", () => {
  assert.deepEqual(scanned([MESSAGE.join("\r\n")]), EXPECTED);
});

test("headerScanner: every split of the input gives the same report", () => {
  const text = MESSAGE.join("\r\n");
  for (let at = 0; at <= text.length; at++) {
    assert.deepEqual(scanned([text.slice(0, at), text.slice(at)]), EXPECTED, `split at ${at}`);
  }
  assert.deepEqual(scanned(singly(text)), EXPECTED);
});

test("headerScanner: LF alone ends a line too", () => {
  assert.deepEqual(scanned([MESSAGE.join("\n")]), { ...EXPECTED, octets: EXPECTED.octets - 9 });
});

test("headerScanner: where the header ends", () => {
  const none = new Map<string, readonly string[]>();
  const cases: readonly [string, string, Partial<HeaderReport>][] = [
    ["no content", "", { octets: 0 }],
    ["an empty line at once", "\r\nA: b\r\n", { octets: 2 }],
    ["no line end at all", "A: b", { fields: 1, octets: 4 }],
    ["CR as the last octet", "A: b\r\n\r", { fields: 1, octets: 7 }],
    ["a line without colon", "A: b\r\nhello\r\nC: d\r\n", { fields: 1, octets: 6 }],
    ["a line without a name", "A: b\r\n: c\r\n", { fields: 1, octets: 6 }],
    ["a space inside the name", "A: b\r\nthen he said: no\r\n", { fields: 1, octets: 6 }],
    ["a control in the name", "A: b\r\nB\u0001: no\r\n", { fields: 1, octets: 6 }],
    ["a body without a header", "hello\r\n\r\nA: b\r\n", { octets: 0 }],
    ["a continuation of nothing", " A: b\r\n", { octets: 0 }],
    ["a mailbox line in front", "From a@b Thu Jan  1 00:00:00 1970\nA: b\n\n", { fields: 1, octets: 40 }],
    ["a mailbox line later", "A: b\nFrom c\nB: d\n\n", { fields: 1, octets: 5 }],
    ["letters beyond ASCII in a name", "Ä: b\r\n\r\n", { fields: 1, octets: 9 }],
  ];
  for (const [name, text, expected] of cases) {
    assert.deepEqual(scanned([text]), { fields: 0, received: 0, values: none, ...expected }, name);
    assert.deepEqual(
      scanned(singly(text)),
      { fields: 0, received: 0, values: none, ...expected },
      `${name}, octet by octet`,
    );
  }
});

test("headerScanner: too many fields and too long a header are faults, one less is none", () => {
  const fields = (count: number): string => `${"A: b\r\n".repeat(count)}\r\nbody`;
  assert.deepEqual(scanned([fields(1000)]).fault, undefined);
  assert.deepEqual(scanned([fields(1001)]).fault, "too-many-fields");
  const text = MESSAGE.join("\r\n");
  assert.deepEqual(scanned([text], { maxOctets: EXPECTED.octets }), EXPECTED);
  assert.deepEqual(scanned([text], { maxOctets: EXPECTED.octets - 1 }).fault, "too-long");
  assert.deepEqual(scanned(singly(text), { maxOctets: EXPECTED.octets - 1 }).fault, "too-long");
});

test("headerScanner: a line that never ends is held up to the limit and no further", () => {
  const scan = headerScanner({ maxOctets: 10_000 });
  const chunk = utf8("x".repeat(1000));
  for (let count = 0; count < 10; count++) scan.push(chunk);
  assert.equal(scan.done, false);
  scan.push(chunk);
  assert.equal(scan.done, true);
  assert.equal(scan.result().fault, "too-long");
});

test("headerScanner: a long value is cut, its field still counted", () => {
  const report = scanned([`Subject: ${"x".repeat(3000)}\r\n ${"y".repeat(3000)}\r\nDelivered-To: a@b\r\n\r\n`]);
  assert.equal(report.values.get("subject")?.[0]?.length, LONGEST_VALUE - 1);
  assert.deepEqual(report.values.get("delivered-to"), ["a@b"]);
  assert.equal(report.fields, 2);
});

test("headerScanner: keeps no reference to a chunk", () => {
  const scan = headerScanner({ collect: ["subject"] });
  const chunk = Buffer.from("Subject: on");
  scan.push(chunk);
  chunk.fill(0x58);
  const rest = Buffer.from("e\r\n t");
  scan.push(rest);
  rest.fill(0x58);
  scan.push(utf8("wo\r\n\r\n"));
  assert.deepEqual(scan.result().values, new Map([["subject", ["one two"]]]));
});

test("headerScanner: any octets in any pieces give the report of the whole, and nothing throws", () => {
  const piece = fc.constantFrom(
    "\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    ":",
    "A",
    "Received:",
    "Subject: x",
    "From ",
    "\u0000",
    "é",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), fc.array(fc.nat(200), { maxLength: 8 }), (parts, cuts) => {
      const bytes = utf8(parts.join(""));
      const chunks: Bytes[] = [];
      let at = 0;
      for (const cut of cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b)) {
        chunks.push(bytes.subarray(at, cut));
        at = cut;
      }
      chunks.push(bytes.subarray(at));
      const whole = scanned([bytes], { maxFields: 5, maxOctets: 80 });
      assert.deepEqual(scanned(chunks, { maxFields: 5, maxOctets: 80 }), whole);
    }),
    { numRuns: 500 },
  );
});
