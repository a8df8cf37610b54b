import assert from "node:assert/strict";
import { test } from "node:test";
import { createCoalescer } from "./coalesce.ts";
import { createGate } from "./gate.ts";

test("createCoalescer does identical work once and different work apart", async () => {
  const shared = createCoalescer<number>();
  let runs = 0;
  const start = async (): Promise<number> => ++runs;
  const results = await Promise.all([shared.join("a", start), shared.join("a", start), shared.join("b", start)]);
  assert.deepEqual(results, [1, 1, 2]);
  assert.equal(shared.size, 0);
  assert.equal(await shared.join("a", start), 3);
});

test("createCoalescer lets one leave without harm to the others, and stops the work when all have left", async () => {
  const shared = createCoalescer<string>();
  let stopped = false;
  let finish = (_value: string): void => {};
  const start = (signal: AbortSignal): Promise<string> =>
    new Promise((resolve, reject) => {
      finish = resolve;
      signal.addEventListener("abort", () => {
        stopped = true;
        reject(signal.reason);
      });
    });
  const early = new AbortController();
  const first = shared.join("k", start, early.signal);
  const second = shared.join("k", start);
  early.abort(new Error("left"));
  await assert.rejects(first, /left/);
  assert.equal(stopped, false);
  finish("answer");
  assert.equal(await second, "answer");

  const only = new AbortController();
  const third = shared.join("k", start, only.signal);
  only.abort(new Error("gone"));
  await assert.rejects(third, /gone/);
  assert.equal(stopped, true);
  assert.equal(shared.size, 0);
});

test("createGate bounds what runs and what waits, and gives a place on", async () => {
  const gate = createGate(1, 1);
  const never = new AbortController().signal;
  const first = await gate.enter(never);
  const leaving = new AbortController();
  const second = gate.enter(leaving.signal);
  assert.equal(gate.enter(never), undefined);
  assert.deepEqual([gate.running, gate.waiting], [1, 1]);
  leaving.abort(new Error("left the queue"));
  await assert.rejects(second ?? Promise.resolve(), /left the queue/);
  const third = gate.enter(never);
  first?.[Symbol.dispose]();
  first?.[Symbol.dispose]();
  (await third)?.[Symbol.dispose]();
  assert.deepEqual([gate.running, gate.waiting], [0, 0]);
});
