import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type Bytes, utf8 } from "../../base/mod.ts";
import { formatReply } from "./reply.ts";
import { type ReplyStep, replyDecoder } from "./reply_decoder.ts";

/** Feeds the pieces one by one and lists what came out; a fault ends the list. */
function decode(pieces: readonly Bytes[]): { steps: readonly ReplyStep[]; buffered: number } {
  const decoder = replyDecoder();
  const steps: ReplyStep[] = [];
  for (const piece of pieces) {
    decoder.push(piece);
    for (let step = decoder.next(); step.kind !== "need-more"; step = decoder.next()) {
      steps.push(step);
      if (step.kind === "fault") return { steps, buffered: 0 };
    }
  }
  return { steps, buffered: decoder.buffered };
}

function outcome(text: string): string {
  const { steps, buffered } = decode([utf8(text)]);
  const said = steps.map((step) => {
    if (step.kind === "reply") return `${step.reply.code}:${step.reply.lines.join("|")}`;
    return step.kind === "fault" ? `!${step.fault.kind}` : step.kind;
  });
  return [...said, ...(buffered > 0 ? [`+${buffered}`] : [])].join(" ");
}

test("replies are read as RFC 5321 §4.2 writes them", () => {
  const table: readonly (readonly [string, string])[] = [
    ["220 mx.rook.example ESMTP\r\n", "220:mx.rook.example ESMTP"],
    ["250\r\n", "250:"],
    ["250 \r\n", "250:"],
    ["250-\r\n250\r\n", "250:|"],
    ["250-one\r\n250-two\r\n250 three\r\n", "250:one|two|three"],
    ["250 one\r\n550 two\r\n", "250:one 550:two"],
    ["250-one\r\n", "+9"],
    ["250 one\r", "+8"],
    ["250-one\r\n251 two\r\n", "!differing-codes"],
    ["250 one\n", "!bare-cr-lf"],
    ["250 o\rne\r\n", "!bare-cr-lf"],
    ["\r\n", "!syntax"],
    ["25 one\r\n", "!syntax"],
    ["2500 one\r\n", "!syntax"],
    ["150 one\r\n", "!syntax"],
    ["650 one\r\n", "!syntax"],
    ["250_one\r\n", "!syntax"],
    [`250 ${"x".repeat(65530)}\r\n`, `250:${"x".repeat(65530)}`],
    [`250 ${"x".repeat(65531)}\r\n`, "!too-long"],
    ["x".repeat(65537), "!too-long"],
    [`${"250-x\r\n".repeat(99)}250 x\r\n`, `250:${Array(100).fill("x").join("|")}`],
    [`${"250-x\r\n".repeat(100)}250 x\r\n`, "!too-many-lines"],
  ];
  assert.deepEqual(
    table.map(([input]) => [input, outcome(input)]),
    table,
  );
});

test("the reply decoder gives the same result at every split", () => {
  const text = "220-a\r\n220 b\r\n250\r\n354 c\r\n250-x\r\n550 y\r\n";
  const octets = utf8(text);
  const whole = decode([octets]);
  for (let at = 0; at <= octets.length; at++) {
    assert.deepEqual(decode([octets.subarray(0, at), octets.subarray(at)]), whole);
  }
  assert.deepEqual(decode([...octets].map((octet) => Uint8Array.of(octet))), whole);
});

test("the reply decoder gives the same result for random input in random pieces", () => {
  const piece = fc.constantFrom("250-", "250 ", "550 ", "x", "\r\n", "\r", "\n", "25", "é");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat(80), { maxLength: 6 }), (words, cuts) => {
      const octets = utf8(words.join(""));
      const marks = [0, ...cuts.filter((cut) => cut < octets.length).sort((a, b) => a - b), octets.length];
      const pieces = marks.slice(1).map((end, at) => octets.subarray(marks[at], end));
      assert.deepEqual(decode(pieces), decode([octets]));
    }),
  );
});

test("what formatReply writes is read back", () => {
  const line = fc.string({ unit: fc.constantFrom("a", " ", "-", "<", "é", "5.1.1"), maxLength: 60 });
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 599 }), fc.array(line, { minLength: 1, maxLength: 5 }), (code, lines) => {
      const reply = { code, lines };
      assert.deepEqual(decode([utf8(formatReply(reply))]).steps, [{ kind: "reply", reply }]);
    }),
  );
});
