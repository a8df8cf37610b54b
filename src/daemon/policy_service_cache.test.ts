import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../test/support/clock.ts";
import { type Fresh, freshCache } from "./policy_service_cache.ts";

test("freshCache: shares searches, keeps values as long as they may be, and drops those asked for the longest ago", async () => {
  const clock = new ManualClock();
  const searched: string[] = [];
  const cache = freshCache<string>({
    clock,
    most: 2,
    find: async (key) => {
      searched.push(key);
      return { value: `${key}${searched.length}`, keep: key === "never" ? 0 : 100 };
    },
  });
  assert.deepEqual(await Promise.all([cache.get("a"), cache.get("a")]), ["a1", "a1"]);
  assert.equal(cache.get("a"), "a1");
  await cache.get("b");
  assert.equal(cache.get("a"), "a1");
  await cache.get("c");
  assert.deepEqual([cache.get("a"), cache.get("c")], ["a1", "c3"]);
  assert.equal(await cache.get("b"), "b4");
  clock.advance(100);
  assert.equal(await cache.get("b"), "b5");
  assert.deepEqual([await cache.get("never"), await cache.get("never")], ["never6", "never7"]);
});

test("freshCache: what was searched for before it forgot is given out and not kept; a search that fails is forgotten", async () => {
  const waiting: PromiseWithResolvers<Fresh<string>>[] = [];
  const cache = freshCache<string>({
    clock: new ManualClock(),
    most: 10,
    find: async () => {
      const one = Promise.withResolvers<Fresh<string>>();
      waiting.push(one);
      return await one.promise;
    },
  });
  const before = cache.get("a");
  cache.forget();
  const after = cache.get("a");
  waiting[0]?.resolve({ value: "old", keep: 100 });
  assert.equal(await before, "old");
  waiting[1]?.resolve({ value: "new", keep: 100 });
  assert.equal(await after, "new");
  assert.equal(cache.get("a"), "new");
  const broken = cache.get("b");
  assert.equal(cache.searching, 1);
  waiting[2]?.reject(new Error("broken"));
  await assert.rejects(Promise.resolve(broken), { message: "broken" });
  assert.equal(cache.searching, 0);
});
