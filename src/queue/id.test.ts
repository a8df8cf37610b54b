import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, systemClock, systemRandom } from "../base/mod.ts";
import { isQueueId, newQueueId } from "./id.ts";

test("newQueueId makes 18 letters and digits that sort by time", () => {
  const random = seededRandom(3);
  const times = [0, 1, 35, 36, 1_700_000_000_000, 1_700_000_000_001, 4_000_000_000_000];
  const ids = times.map((now) => newQueueId({ now: () => now }, random));
  assert.deepEqual([...ids].sort(), ids);
  for (const id of ids) assert.match(id, /^[0-9a-z]{18}$/);
});

test("newQueueId does not repeat itself within a millisecond", () => {
  const clock = { now: () => 1_700_000_000_000 };
  const ids = new Set(Array.from({ length: 20_000 }, () => newQueueId(clock, systemRandom)));
  assert.equal(ids.size, 20_000);
});

test("isQueueId takes what newQueueId makes and nothing that is unsafe in a path or header", () => {
  assert.equal(isQueueId(newQueueId(systemClock, systemRandom)), true);
  for (const bad of ["", "a/b", "..", "a b", "a\r\n", "é", "x".repeat(65)]) assert.equal(isQueueId(bad), false, bad);
});
