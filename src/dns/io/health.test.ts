import assert from "node:assert/strict";
import { test } from "node:test";
import { createHealth } from "./health.ts";

const A = { address: "192.0.2.1", port: 53 };
const B = { address: "192.0.2.2", port: 53 };

test("createHealth asks a server that failed last, and again first when its rest is over", () => {
  const health = createHealth([A, B]);
  assert.deepEqual(health.order(0), [A, B]);
  health.failed(A, 0);
  assert.deepEqual(health.order(500), [B, A]);
  assert.deepEqual(health.order(1_000), [A, B]);
  health.failed(A, 1_000);
  assert.deepEqual(health.order(2_900), [B, A]);
  health.failed(B, 2_900);
  assert.deepEqual(health.order(2_950), [A, B]);
  health.answered(A, 10);
  assert.deepEqual(health.order(2_950), [A, B]);
});

test("createHealth rests at most a minute, however often a server fails", () => {
  const health = createHealth([A, B]);
  for (let count = 0; count < 30; count++) health.failed(A, 0);
  assert.deepEqual(health.order(59_999), [B, A]);
  assert.deepEqual(health.order(60_000), [A, B]);
});

test("createHealth waits by what the server needed before, within bounds, and twice as long each round", () => {
  const health = createHealth([A]);
  assert.deepEqual(
    [0, 1, 2].map((round) => health.patience(A, round)),
    [1_500, 3_000, 5_000],
  );
  health.answered(A, 1);
  assert.deepEqual(
    [0, 1, 2].map((round) => health.patience(A, round)),
    [500, 1_000, 2_000],
  );
  health.answered(A, 2_000);
  assert.equal(health.patience(A, 0), 1_003.5);
});
