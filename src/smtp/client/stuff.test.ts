import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Bytes, concat, fromUtf8, utf8 } from "../../base/mod.ts";
import { type LinePlace, stuff } from "./stuff.ts";

function stuffAll(chunks: readonly Bytes[]): { readonly octets: Bytes; readonly place: LinePlace } {
  const parts: Bytes[] = [];
  let place: LinePlace = "start";
  for (const chunk of chunks) {
    const done = stuff(place, chunk);
    parts.push(...done.parts);
    place = done.place;
  }
  return { octets: concat(parts), place };
}

/** What a server takes off again (RFC 5321 §4.5.2), written without regard to the encoder. */
function unstuff(text: string): string {
  return text
    .split("\r\n")
    .map((line) => (line.startsWith(".") ? line.slice(1) : line))
    .join("\r\n");
}

function cut(whole: Bytes, at: readonly number[]): readonly Bytes[] {
  const points = [0, ...at.map((point) => point % (whole.length + 1)).sort((a, b) => a - b), whole.length];
  return points.slice(1).map((end, index) => whole.subarray(points[index], end));
}

const line = fc.string({ unit: fc.constantFrom(".", "a", " ", "\t", "-"), maxLength: 6 });
const content = fc.array(line, { maxLength: 8 }).map((lines) => lines.map((one) => `${one}\r\n`).join(""));
const cuts = fc.array(fc.nat(100), { maxLength: 6 });

test("stuff: doubles exactly the dots that begin lines (RFC 5321 §4.5.2)", () => {
  const table: readonly [content: string, sent: string][] = [
    ["", ""],
    [".\r\n", "..\r\n"],
    ["..\r\n", "...\r\n"],
    ["a.\r\n.b\r\n", "a.\r\n..b\r\n"],
    ["\r\n.\r\n\r\n", "\r\n..\r\n\r\n"],
    ["a\r\nb\r\n", "a\r\nb\r\n"],
  ];
  for (const [before, sent] of table) {
    assert.deepEqual(stuffAll([utf8(before)]), { octets: utf8(sent), place: "start" });
  }
});

test("stuff: what the server takes off gives the content again, however it is split, and no line is a lone dot", () => {
  fc.assert(
    fc.property(content, cuts, (text, at) => {
      const { octets, place } = stuffAll(cut(utf8(text), at));
      const sent = fromUtf8(octets);
      assert.equal(place, "start");
      assert.equal(unstuff(sent), text);
      assert.equal(sent.split("\r\n").includes("."), false);
    }),
  );
});

test("stuff: no bare CR or LF ever comes out (RFC 5321 §2.3.8)", () => {
  const wild = fc.string({ unit: fc.constantFrom(".", "a", "\r", "\n", "\r\n"), maxLength: 20 });
  fc.assert(
    fc.property(wild, cuts, (text, at) => {
      const { octets, place } = stuffAll(cut(utf8(text), at));
      const sent = fromUtf8(octets);
      const bare = /\r(?!\n)|(?<!\r)\n/;
      // A CR at the very end may be the first half of a CRLF still to come.
      assert.equal(bare.test(place === "after-cr" || place === "fault" ? sent.replace(/\r$/, "") : sent), false);
      assert.equal(place === "fault", bare.test(text.replace(/\r$/, "")));
      assert.equal(place === "start", !bare.test(text) && (text === "" || text.endsWith("\r\n")));
    }),
    { numRuns: 1000 },
  );
});

test("stuff: a chunk without dots to double is passed on uncopied", () => {
  const chunk = utf8("a.b\r\nc\r\n");
  const { parts } = stuff("start", chunk);
  assert.equal(parts.length, 1);
  assert.equal(parts[0]?.buffer, chunk.buffer);
});
