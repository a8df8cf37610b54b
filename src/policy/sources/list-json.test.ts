import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ListJson, parseListJson } from "./list-json.ts";
import { processorTime } from "../../../test/support/processor.ts";

test("parseListJson: reads what JSON.parse reads, RFC 8259", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 1, "\t", " \n\r"), (value, space) => {
      const parsed = parseListJson(JSON.stringify(value, undefined, space));
      assert.ok(parsed.ok);
      assert.deepEqual(plain(parsed.value), JSON.parse(JSON.stringify(value)));
    }),
    { numRuns: 500 },
  );
});

test("parseListJson: takes nothing that JSON.parse refuses, whatever stands there", () => {
  const pieces = fc.constantFrom(
    ...Array.from('{}[]",:\\ \n0123456789eE+-.truefalsn'),
    '"a"',
    '"\\u00e9"',
    "null",
    "\u2028",
    "\ufeff",
  );
  const texts = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(texts, (text) => {
      if (parseListJson(text).ok) assert.doesNotThrow(() => JSON.parse(text));
    }),
    { numRuns: 5000 },
  );
});

test("parseListJson: a member that stands twice is refused, and so is depth", () => {
  const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
  const table: readonly (readonly [string, string | undefined])[] = [
    ['{"a":1,"a":1}', '"a" stands twice'],
    ['{"a":1,"\\u0061":2}', '"a" stands twice'],
    ['{"__proto__":1,"constructor":2}', undefined],
    ['{"__proto__":1,"__proto__":2}', '"__proto__" stands twice'],
    [deep(8), undefined],
    [deep(9), "it is nested too deeply"],
    [deep(1_000_000), "it is nested too deeply"],
    ["{} {}", "there is more after the end"],
    ["\ufeff{}", "there is no value"],
    ['{"a"}', "a colon is missing"],
    ["[1,]", "there is no value"],
    ['{"a":1,}', "a string is missing"],
    ["[1", "a comma or bracket is missing"],
    ['{"a":1', "a comma or brace is missing"],
    ['"a', "a string is not well-formed"],
    ['"a\nb"', "a string is not well-formed"],
    ["01", "there is no value"],
    [`1${"0".repeat(100)}`, "there is no value"],
    ["", "there is no value"],
  ];
  const seen = table.map(([text]) => {
    const parsed = parseListJson(text);
    return [text, parsed.ok ? undefined : /used: (.*) \(near/.exec(parsed.error)?.[1]];
  });
  assert.deepEqual(seen, table);
});

test("parseListJson: takes time in proportion to the octets, whatever they are", () => {
  const size = 2_000_000;
  for (const text of [
    `["${"a".repeat(size)}"]`,
    `["${"\\\\".repeat(size / 2)}"]`,
    " ".repeat(size),
    `[${"1,".repeat(size / 2)}1]`,
    "{".repeat(size),
    "1".repeat(size),
    `["${'",'.repeat(size / 2)}`,
  ]) {
    const began = processorTime();
    parseListJson(text);
    assert.ok(processorTime() - began < 5000);
  }
});

function plain(value: ListJson): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...(value as ReadonlyMap<string, ListJson>)].map(([name, one]) => [name, plain(one)]));
  }
  return Array.isArray(value) ? (value as readonly ListJson[]).map(plain) : value;
}
