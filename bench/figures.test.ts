import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, median, table } from "./figures.ts";

test("judge: ratio of the medians, spread of the worse side; less is better where it says so", () => {
  const peer = { name: "Peer", figures: [90, 100, 120] };
  const more = judge({ name: "speed", unit: "/s", ours: [300, 200, 190], peer, bound: 2 });
  assert.deepEqual([more.ratio, more.spread, more.good], [2, 55, true]);
  const less = judge({ name: "time", unit: "ms", ours: [200], peer, bound: 0.9, less: true });
  assert.deepEqual([less.ratio, less.good], [0.5, false]);
  const alone = judge({ name: "alone", unit: "/s", ours: [1500, 1600], bound: 1000 });
  assert.deepEqual([alone.ratio, alone.good], [1600, true]);
  assert.equal(
    table([more, alone]),
    [
      "| measurement | Hopseal | peer | ratio | must be | spread of rounds |",
      "| --- | --- | --- | --- | --- | --- |",
      "| speed | 200 /s | 100 /s, Peer | 2 | ≥ 2 | 55 %, 3 rounds |",
      "| alone | 1,600 /s | none |  | ≥ 1,000 | 6 %, 2 rounds |",
      "",
    ].join("\n"),
  );
});

test("median: the middle one, the upper of two, and nothing of nothing", () => {
  assert.deepEqual([median([3, 1, 2]), median([1, 2]), median([])], [2, 2, 0]);
});
