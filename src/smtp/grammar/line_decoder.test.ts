import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type Bytes, concat } from "../../base/mod.ts";
import { cutter } from "./_cutter.ts";
import { lineDecoder } from "./line_decoder.ts";

const BOUND = 12;

/** Feeds the pieces and lists lines as they are, faults behind "!". */
function decode(pieces: readonly Bytes[]): { said: readonly string[]; left: number } {
  const input = cutter();
  const lines = lineDecoder(input);
  const said: string[] = [];
  for (const piece of pieces) {
    input.push(piece);
    for (let step = lines.next(BOUND); step.kind !== "need-more"; step = lines.next(BOUND)) {
      said.push(step.kind === "line" ? step.text : `!${step.fault}`);
    }
  }
  return { said, left: input.length };
}

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

test("only CRLF ends a command line (RFC 5321 §2.3.8)", () => {
  const table: readonly (readonly [string, readonly string[]])[] = [
    ["NOOP\r\nQUIT\r\n", ["NOOP", "QUIT"]],
    ["\r\n", [""]],
    ["NOOP\n", ["!bare-cr-lf"]],
    ["NOOP\nMAIL\r\nQUIT\r\n", ["!bare-cr-lf", "QUIT"]],
    ["A\nB\nC\r\nQUIT\r\n", ["!bare-cr-lf", "!bare-cr-lf", "QUIT"]],
    ["NO\rOP\r\nQUIT\r\n", ["!bare-cr-lf", "QUIT"]],
    ["NOOP\r\r\nQUIT\r\n", ["!bare-cr-lf", "QUIT"]],
    ["1234567890\r\n", ["1234567890"]],
    ["12345678901\r\nQUIT\r\n", ["!too-long", "QUIT"]],
    ["12345678901234\nQUIT\r\nRSET\r\n", ["!too-long", "RSET"]],
    ["1234567890123\r\r\n", ["!too-long"]],
    ["\xc3\xa9\r\n", ["é"]],
    ["\xc3\r\nQUIT\r\n", ["!not-utf8", "QUIT"]],
  ];
  assert.deepEqual(
    table.map(([input]) => [input, decode([latin1(input)]).said]),
    table,
  );
});

test("the line decoder gives the same result for random input at every split and in single octets", () => {
  const word = fc.constantFrom("NOOP", "\r\n", "\r\n", "\r", "\n", "x", "long-long-long", "\xe9");
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), (words) => {
      const octets = latin1(words.join(""));
      const whole = decode([octets]);
      for (let at = 0; at <= octets.length; at++) {
        assert.deepEqual(decode([octets.subarray(0, at), octets.subarray(at)]).said, whole.said);
      }
      assert.deepEqual(decode([...octets].map((octet) => Uint8Array.of(octet))).said, whole.said);
    }),
    { numRuns: 300 },
  );
});

test("an endless line is not kept (RFC 5321 §4.5.3.1.4)", () => {
  const input = cutter();
  const lines = lineDecoder(input);
  for (let round = 0; round < 100; round++) {
    input.push(latin1("x".repeat(1000)));
    assert.deepEqual(lines.next(BOUND), { kind: "need-more" });
    assert.equal(input.length, 0);
  }
  input.push(latin1("\r\nQUIT\r\n"));
  assert.deepEqual(lines.next(BOUND), { kind: "line-fault", fault: "too-long" });
  assert.deepEqual(lines.next(BOUND), { kind: "line", text: "QUIT" });
});

test("the cutter gives back what it took, in order", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 5 })), fc.array(fc.nat(9)), (pieces, counts) => {
      const input = cutter();
      for (const piece of pieces) input.push(piece);
      const out: Bytes[] = [];
      for (const count of counts) {
        const taken = input.take(count);
        if (taken === undefined) continue;
        assert.ok(taken.length <= count);
        const half = taken.length >> 1;
        input.putBack(taken.subarray(half));
        out.push(taken.subarray(0, half));
      }
      for (let rest = input.take(Infinity); rest !== undefined; rest = input.take(Infinity)) out.push(rest);
      assert.deepEqual([...concat(out)], [...concat(pieces)]);
      assert.equal(input.length, 0);
    }),
  );
});
