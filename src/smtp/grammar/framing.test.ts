import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type Bytes, concat } from "../../base/mod.ts";
import type { ContentFacts } from "../../mail/mod.ts";
import { contentFacts } from "./content_facts.ts";
import { framing, type Reading } from "./framing.ts";

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

interface Outcome {
  readonly content: string;
  readonly facts: ContentFacts | undefined;
  readonly behind: string;
}

/** Reads content until its end; what came behind it stands in `behind`. */
function read(pieces: readonly Bytes[], reading: Reading): Outcome {
  const frames = framing();
  const content: Bytes[] = [];
  let facts: ContentFacts | undefined;
  const pump = (): void => {
    for (;;) {
      const frame = frames.next(reading);
      if (frame.kind === "content") content.push(frame.octets);
      else if (frame.kind === "content-end") {
        facts = frame.facts;
        return;
      } else return;
    }
  };
  for (const piece of pieces) {
    frames.push(piece);
    if (facts === undefined) pump();
  }
  const rest: Bytes[] = [];
  const rule = { kind: "chunk", size: frames.buffered } as const;
  for (let frame = frames.next(rule); frame.kind === "content"; frame = frames.next(rule)) rest.push(frame.octets);
  return {
    content: Buffer.from(concat(content)).toString("latin1"),
    facts,
    behind: Buffer.from(concat(rest)).toString("latin1"),
  };
}

test("CRLF.CRLF alone ends the data, and leading dots go (RFC 5321 §4.1.1.4, §4.5.2)", () => {
  const table: readonly (readonly [string, string | undefined, string])[] = [
    [".\r\n", "", ""],
    ["a\r\n.\r\n", "a\r\n", ""],
    ["a\r\n.\r\nQUIT\r\n", "a\r\n", "QUIT\r\n"],
    ["..\r\n.\r\n", ".\r\n", ""],
    [".a\r\n..b\r\n.\r\n", "a\r\n.b\r\n", ""],
    ["a.\r\n.\r\n", "a.\r\n", ""],
    ["\r\n\r\n.\r\n", "\r\n\r\n", ""],
    ["a\n.\nb\r\n.\r\n", "a\n.\nb\r\n", ""],
    ["a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n", ""],
    ["a\r.\r\nb\r\n.\r\n", "a\r.\r\nb\r\n", ""],
    ["a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n", ""],
    ["a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", ""],
    ["a\r\n.\r\r\nb\r\n.\r\n", "a\r\n\r\r\nb\r\n", ""],
    ["a\r\n.\r.\r\n.\r\n", "a\r\n\r.\r\n", ""],
    ["a\r\r\n.\r\n", "a\r\r\n", ""],
    ["a\r\n\0.\r\n.\r\n", "a\r\n\0.\r\n", ""],
    ["a\r\n.\0\r\n.\r\n", "a\r\n\0\r\n", ""],
    ["a\r\n..\r\n.\r\n", "a\r\n.\r\n", ""],
    ["a\r\n.", undefined, ""],
    ["a\r\n.\r", undefined, ""],
  ];
  for (const [input, content, behind] of table) {
    const octets = latin1(input);
    const whole = read([octets], { kind: "data" });
    if (content === undefined) assert.equal(whole.facts, undefined);
    else {
      assert.deepEqual([whole.content, whole.behind], [content, behind], JSON.stringify(input));
      assert.deepEqual(whole.facts, contentFacts([latin1(content)]));
    }
    for (let at = 0; at <= octets.length; at++) {
      for (let to = at; to <= octets.length; to++) {
        const pieces = [octets.subarray(0, at), octets.subarray(at, to), octets.subarray(to)];
        assert.deepEqual(read(pieces, { kind: "data" }), whole, `${JSON.stringify(input)} at ${at}, ${to}`);
      }
    }
  }
});

const word = fc.constantFrom("a", ".", "\r\n", "\r\n", "\r", "\n", "\0", "\xff", "\r\n.\r\n", "abcdefgh");

test("data and its facts are the same for random input in random pieces", () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 25 }), fc.array(fc.nat(60), { maxLength: 8 }), (words, cuts) => {
      const octets = latin1(words.join(""));
      const whole = read([octets], { kind: "data" });
      assert.deepEqual(read(pieces(octets, cuts), { kind: "data" }), whole);
      assert.deepEqual(read(pieces(octets, [...octets.keys()]), { kind: "data" }), whole);
      if (whole.facts !== undefined) assert.deepEqual(whole.facts, plainFacts(whole.content));
    }),
    { numRuns: 1000 },
  );
});

test("what a client stuffs comes back as it was (RFC 5321 §4.5.2)", () => {
  const line = fc.string({ unit: fc.constantFrom(".", "a", " ", "\0", "\xff"), maxLength: 6 });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
      const content = lines.map((text) => `${text}\r\n`).join("");
      const stuffed = lines.map((text) => `${text.startsWith(".") ? "." : ""}${text}\r\n`).join("");
      assert.equal(read([latin1(`${stuffed}.\r\n`)], { kind: "data" }).content, content);
    }),
  );
});

test("BDAT counts octets and looks at none (RFC 3030 §2)", () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 25 }), fc.array(fc.nat(60), { maxLength: 8 }), (words, cuts) => {
      const octets = latin1(words.join(""));
      const size = octets.length >> 1;
      const outcome = read(pieces(octets, cuts), { kind: "chunk", size });
      const content = octets.subarray(0, size).toString("latin1");
      assert.deepEqual(outcome, {
        content,
        facts: plainFacts(content),
        behind: octets.subarray(size).toString("latin1"),
      });
    }),
  );
});

test("facts gather over several chunks until they are forgotten", () => {
  const frames = framing();
  frames.push(latin1("a\r\nb"));
  assert.deepEqual(frames.next({ kind: "chunk", size: 2 }).kind, "content");
  assert.deepEqual(frames.next({ kind: "chunk", size: 2 }), { kind: "content-end", facts: plainFacts("a\r") });
  assert.deepEqual(frames.next({ kind: "chunk", size: 2 }).kind, "content");
  assert.deepEqual(frames.next({ kind: "chunk", size: 2 }), { kind: "content-end", facts: plainFacts("a\r\nb") });
  frames.forget();
  assert.deepEqual(frames.next({ kind: "chunk", size: 0 }), { kind: "content-end", facts: plainFacts("") });
});

test("a line of an AUTH exchange may be longer than a command (RFC 4954 §4)", () => {
  for (const [kind, longest] of [
    ["command", 4096],
    ["auth", 12288],
  ] as const) {
    const frames = framing();
    frames.push(latin1(`${"x".repeat(longest - 2)}\r\n${"x".repeat(longest - 1)}\r\n`));
    assert.deepEqual(frames.next({ kind }), { kind: "line", text: "x".repeat(longest - 2) });
    assert.deepEqual(frames.next({ kind }), { kind: "line-fault", fault: "too-long" });
    assert.deepEqual(frames.next({ kind: "nothing" }), { kind: "need-more" });
  }
});

/** The facts by another road: regular expressions over the whole. */
function plainFacts(content: string): ContentFacts {
  return {
    size: content.length,
    eightBit: /[\x80-\xff]/.test(content),
    bareCrLf: /\r(?!\n)|(?<!\r)\n/.test(content),
    nul: content.includes("\0"),
    endsInCrlf: content.endsWith("\r\n"),
    longestLine: Math.max(...content.split("\r\n").map((line) => line.length)),
  };
}

function pieces(octets: Buffer, cuts: readonly number[]): Buffer[] {
  const marks = [0, ...cuts.filter((cut) => cut < octets.length).sort((a, b) => a - b), octets.length];
  return marks.slice(1).map((end, at) => octets.subarray(marks[at], end));
}
