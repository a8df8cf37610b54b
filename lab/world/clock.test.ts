import assert from "node:assert/strict";
import { test } from "node:test";
import { LAB_START, labClock } from "./clock.ts";

test("time stands still until told, and jumps to what falls due next", async () => {
  const clock = labClock();
  const fired: string[] = [];
  clock.after(2000, () => fired.push("b"));
  clock.after(1000, () => fired.push("a"));
  clock.after(1000, () => fired.push("a too"));
  const cancelled = clock.after(1500, () => fired.push("never"));
  cancelled[Symbol.dispose]();
  await clock.quiet();
  assert.deepEqual([fired, clock.now()], [[], LAB_START]);
  assert.equal(clock.jump(), true);
  assert.deepEqual([fired, clock.monotonic()], [["a", "a too"], 1000]);
  assert.equal(clock.jump(1500), false);
  assert.equal(clock.jump(), true);
  assert.equal(clock.jump(), false);
  assert.deepEqual([fired, clock.monotonic()], [["a", "a too", "b"], 2000]);
});

test("nothing is quiet while work is held, or while something happens", async () => {
  const clock = labClock();
  const seen: string[] = [];
  const held = clock.hold();
  const quiet = clock.quiet().then(() => seen.push("quiet"));
  for (let turn = 0; turn < 40; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  seen.push("released");
  held[Symbol.dispose]();
  await quiet;
  assert.deepEqual(seen, ["released", "quiet"]);
});

test("moving on goes in strides, and what a stride began is done before the next", async () => {
  const clock = labClock();
  const seen: number[] = [];
  const hour = 3_600_000;
  clock.after(1000, () => {
    setImmediate(() => void clock.after(hour, () => seen.push(clock.monotonic())));
  });
  await clock.advance(2 * hour);
  assert.deepEqual([seen, clock.monotonic()], [[1.5 * hour], 2 * hour]);
});
