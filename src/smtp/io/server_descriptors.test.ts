import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/clock.ts";
import { subscribe } from "../../observe/mod.ts";
import { descriptors } from "./server_descriptors.ts";

test("descriptors: short before they run out, until half of the reserve more is free, told once (L12)", () => {
  const clock = new ManualClock();
  const faults: string[] = [];
  using _heard = subscribe("hopseal:fault", ({ text }) => faults.push(text));
  let open: number | undefined = 50;
  let counts = 0;
  const guard = descriptors(clock, {
    limit: 1024,
    open: () => {
      counts++;
      return open;
    },
  });
  const at = (count: number | undefined): boolean => {
    open = count;
    clock.advance(1000);
    return guard.short();
  };
  assert.deepEqual([50, 895, 896, 1000, undefined, 895, 832, 831, 895].map(at), [
    false,
    false,
    true,
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
  assert.equal(at(undefined), true);
  assert.deepEqual(faults, [
    "896 of 1024 file descriptors are in use; new connections get 421 until some are free",
    "All of 1024 file descriptors are in use; new connections get 421 until some are free",
  ]);
  counts = 0;
  open = 1000;
  for (let asked = 0; asked < 10_000; asked++) {
    clock.advance(0.1);
    assert.equal(guard.short(), true);
  }
  assert.ok(counts <= 1000 / 25 + 1, `${counts} counts in a second`);
});

test("descriptors: connections let in between two counts are counted by themselves", () => {
  const clock = new ManualClock();
  const guard = descriptors(clock, { limit: 1024, open: () => 800 });
  assert.equal(guard.short(), false);
  let letIn = 0;
  while (!guard.short()) letIn++;
  assert.equal(letIn, 95);
  clock.advance(30);
  assert.equal(guard.short(), false);
});

test("descriptors: where nothing is known of them nobody is kept out", () => {
  const guard = descriptors(new ManualClock(), { limit: undefined, open: () => undefined });
  assert.equal(guard.short(), false);
});
