import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createCache } from "./cache.ts";

test("createCache forgets at the end of life, and cuts a life that is too long", () => {
  const cache = createCache<string>({ entries: 10, octets: 10_000, longest: 1_000 });
  cache.set("short", "s", { now: 0, lasts: 100, octets: 1 });
  cache.set("long", "l", { now: 0, lasts: 1e9, octets: 1 });
  cache.set("over", "o", { now: 0, lasts: 0, octets: 1 });
  cache.set("none", "n", { now: 0, lasts: Number.NaN, octets: 1 });
  assert.deepEqual([cache.get("short", 99), cache.get("short", 100)], ["s", undefined]);
  assert.deepEqual([cache.get("long", 999), cache.get("long", 1_000)], ["l", undefined]);
  assert.deepEqual([cache.get("over", 0), cache.get("none", 0)], [undefined, undefined]);
  assert.deepEqual([cache.entries, cache.octets], [0, 0]);
});

test("createCache drops what was not read for longest", () => {
  const cache = createCache<number>({ entries: 3, octets: 10_000, longest: 1_000 });
  for (const [at, key] of ["a", "b", "c"].entries()) cache.set(key, at, { now: 0, lasts: 500, octets: 1 });
  cache.get("a", 1);
  cache.set("d", 3, { now: 1, lasts: 500, octets: 1 });
  assert.deepEqual(
    ["a", "b", "c", "d"].map((key) => cache.get(key, 2)),
    [0, undefined, 2, 3],
  );
});

test("createCache keeps its bounds and agrees with a model, whatever is stored", () => {
  const limits = { entries: 5, octets: 2_000, longest: 50 };
  const step = fc.record({
    key: fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h"),
    value: fc.nat(),
    lasts: fc.integer({ min: -5, max: 80 }),
    octets: fc.nat(3_000),
    wait: fc.nat(20),
    write: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const cache = createCache<number>(limits);
      const truth = new Map<string, { value: number; until: number }>();
      let now = 0;
      for (const { key, value, lasts, octets, wait, write } of steps) {
        now += wait;
        if (write) {
          cache.set(key, value, { now, lasts, octets });
          truth.set(key, { value, until: now + Math.min(lasts, limits.longest) });
        }
        const got = cache.get(key, now);
        const expected = truth.get(key);
        if (got !== undefined) assert.ok(expected !== undefined && expected.value === got && expected.until > now);
        assert.ok(cache.entries <= limits.entries && cache.octets <= limits.octets);
        assert.ok(cache.entries > 0 || cache.octets === 0);
      }
    }),
  );
});
