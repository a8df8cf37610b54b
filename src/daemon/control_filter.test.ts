import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { filterOf, filterQuery, readFilter } from "./control_filter.ts";

test("filterOf: words become a filter whose parts are in the form that the queue compares", () => {
  const table: [Parameters<typeof filterOf>[0], unknown][] = [
    [{}, {}],
    [{ to: "ROOK.Example" }, { destination: "rook.example" }],
    [{ to: "[192.0.2.1]" }, { destination: "[192.0.2.1]" }],
    [{ to: "[IPv6:2001:DB8::1]" }, { destination: "[IPv6:2001:db8::1]" }],
    [{ from: "Ann@PINE.example" }, { sender: "Ann@pine.example" }],
    [{ from: "<ann@pine.example>" }, { sender: "ann@pine.example" }],
    [{ from: "<>" }, { sender: "" }],
    [{ from: "" }, { sender: "" }],
    [
      { id: "abc", state: "held" },
      { message: "abc", state: "held" },
    ],
    [{ to: "" }, '"" is no domain'],
    [{ to: "a b" }, '"a b" is no domain'],
    [{ from: "ann" }, '"ann" is no address'],
    [{ id: "../abc" }, '"../abc" is no id of a message'],
    [{ state: "gone" }, 'state takes due, waiting, leased, held, not "gone"'],
  ];
  const seen = table.map(([words]) => {
    const filter = filterOf(words);
    return [words, filter.ok ? filter.value : filter.error];
  });
  assert.deepEqual(seen, table);
});

test("a filter that went through a query is the same, and nothing that anybody sends throws", () => {
  const words = fc.record(
    {
      id: fc.oneof(fc.stringMatching(/^[a-z0-9]{1,18}$/), fc.string()),
      to: fc.oneof(fc.constantFrom("rook.example", "[192.0.2.1]", "grün.example"), fc.string()),
      from: fc.oneof(fc.constantFrom("<>", "ann@pine.example", '"a b"@pine.example', '"<x>"@[192.0.2.1]'), fc.string()),
      state: fc.oneof(fc.constantFrom("due", "waiting", "leased", "held"), fc.string()),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(words, (given) => {
      const filter = filterOf(given);
      if (!filter.ok) return;
      assert.deepEqual(readFilter(new URLSearchParams(filterQuery(filter.value).toString())), filter);
    }),
    { numRuns: 1000 },
  );
});
