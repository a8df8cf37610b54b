import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Bytes, utf8 } from "../base/mod.ts";
import { linesOf } from "./control_lines.ts";

test("linesOf: the same lines however the octets are cut; a last line without its end is none", async () => {
  const line = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\n") && !text.startsWith("\ufeff"));
  await fc.assert(
    fc.asyncProperty(fc.array(line), line, fc.array(fc.nat(200)), async (lines, rest, cuts) => {
      const octets = utf8(lines.map((text) => `${text}\n`).join("") + rest);
      const places = [...cuts.filter((at) => at < octets.length).sort((a, b) => a - b), octets.length];
      const chunks = places.map((end, at) => octets.subarray(places[at - 1] ?? 0, end));
      assert.deepEqual(await collect(chunks), lines);
    }),
  );
});

test("linesOf: a failure of the source comes out", async () => {
  async function* broken(): AsyncIterable<Bytes> {
    yield utf8("a\nb");
    throw new Error("aborted");
  }
  const seen: string[] = [];
  await assert.rejects(async () => {
    for await (const line of linesOf(broken())) seen.push(line);
  }, /aborted/);
  assert.deepEqual(seen, ["a"]);
});

async function collect(chunks: readonly Bytes[]): Promise<string[]> {
  async function* source(): AsyncIterable<Bytes> {
    yield* chunks;
  }
  const lines: string[] = [];
  for await (const line of linesOf(source())) lines.push(line);
  return lines;
}
