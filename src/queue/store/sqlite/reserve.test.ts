import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { setTimeout as pass } from "node:timers/promises";
import { ManualClock } from "../../../../test/support/clock.ts";
import { seededRandom } from "../../../base/mod.ts";
import { openSqliteStore } from "./open.ts";
import { NO_BOUNDS } from "./room.ts";

test("a reserve that was given up is made again within a minute, also where the disk never said that it was full", async () => {
  const directory = await mkdtemp(`${tmpdir()}/hopseal-reserve-`);
  const clock = new ManualClock();
  const random = seededRandom(1);
  const store = await openSqliteStore({ directory, clock, timer: clock, random, bounds: NO_BOUNDS });
  const reserve = `${directory}/reserve`;
  try {
    await made(reserve);
    rmSync(reserve);
    clock.advance(60_000);
    assert.equal(await store.room?.(0), undefined);
    await made(reserve);
  } finally {
    await store[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  }
});

test("a shard opens although the disk does not say how much is free", async () => {
  const directory = await mkdtemp(`${tmpdir()}/hopseal-reserve-`);
  const clock = new ManualClock();
  const asked = Promise.withResolvers<void>();
  const opening = openSqliteStore({
    directory,
    clock,
    timer: clock,
    random: seededRandom(1),
    bounds: NO_BOUNDS,
    askDisk() {
      asked.resolve();
      return new Promise(() => undefined);
    },
  });
  await asked.promise;
  clock.advance(60_000);
  const store = await opening;
  assert.equal((await store.count()).messages, 0);
  await store[Symbol.asyncDispose]();
  await made(`${directory}/reserve`);
  await rm(directory, { recursive: true });
});

async function made(reserve: string): Promise<void> {
  while (!existsSync(reserve)) await pass(5);
}
