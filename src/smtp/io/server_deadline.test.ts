import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/clock.ts";
import { deadline } from "./server_deadline.ts";

test("one timer serves a deadline that moves, and fires once", () => {
  const clock = new ManualClock();
  let fired = 0;
  const limit = deadline(clock, () => fired++);
  limit.extend(100);
  for (let round = 0; round < 10; round++) {
    clock.advance(50);
    limit.extend(100);
    assert.equal(clock.pending, 1);
  }
  clock.advance(99);
  assert.equal(fired, 0);
  clock.advance(1);
  assert.equal(fired, 1);
  clock.advance(1000);
  assert.deepEqual([fired, clock.pending], [1, 0]);
});

test("a deadline moves forward, is taken away, and goes with its owner", () => {
  const clock = new ManualClock();
  let fired = 0;
  const limit = deadline(clock, () => fired++);
  limit.extend(1000);
  limit.extend(10);
  clock.advance(10);
  assert.equal(fired, 1);
  limit.extend(10);
  limit.extend(undefined);
  clock.advance(1000);
  assert.equal(fired, 1);
  limit.extend(10);
  limit[Symbol.dispose]();
  clock.advance(1000);
  assert.deepEqual([fired, clock.pending], [1, 0]);
});
