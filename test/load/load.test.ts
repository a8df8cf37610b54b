import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { watchMemory } from "./measure.ts";
import { crowd, startDaemon } from "./scene.ts";

test("an idle connection weighs little", async (t) => {
  const child = fork(fileURLToPath(new URL("./weigh.ts", import.meta.url)), { execArgv: ["--expose-gc"] });
  const ask = async (): Promise<Record<string, number>> => {
    const answer = once(child, "message");
    child.send("weigh");
    return ((await answer) as [Record<string, number>])[0];
  };
  try {
    const [{ port }] = (await once(child, "message")) as [{ port: number }];
    // What is made for the first connection stays.
    using _first = await crowd({ port, count: 20, kind: "idle" }, 1);
    const before = await ask();
    using held = await crowd({ port, count: 500, kind: "idle" }, 1);
    const full = await ask();
    assert.deepEqual([held.done, held.failed, full["open"]], [500, [], 520]);
    const each = ((full["octets"] ?? 0) - (before["octets"] ?? 0)) / 500 / 1024;
    t.diagnostic(`${each.toFixed(1)} kB of heap each`);
    assert.ok(each > 1 && each < 16, `${each} kB`);
  } finally {
    child.kill();
  }
});

test("large messages at once are not held in memory", { skip: !existsSync("/proc/self/smaps_rollup") }, async (t) => {
  await using daemon = await startDaemon(1);
  const [clear = 0] = daemon.ports;
  using watched = watchMemory(daemon.pid);
  using sent = await crowd({ port: clear, count: 10, kind: "big", size: 20_000_000 }, 2);
  assert.deepEqual([sent.done, sent.failed], [10, []]);
  const { most } = watched;
  t.diagnostic(`${most.toFixed(0)} MB at most`);
  assert.ok(most > 0 && most < 400, `${most} MB`);
});
