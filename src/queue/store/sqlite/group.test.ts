import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { StoreError } from "../../port.ts";
import { runGroup, tidyLog } from "./group.ts";
import type { Call } from "./protocol.ts";
import { openShard, type Shard } from "./shard.ts";

test("a log that a full disk has no room to empty keeps nothing from being settled; one that cannot be synced does", async () => {
  await using it = await lab();
  const { shard } = it;
  it.fault = new StoreError("no-space", "full");
  tidyLog(shard);
  assert.deepEqual(runGroup(shard, [FORGET]).outcomes, [{ ok: true, answer: undefined }]);
  it.fault = new StoreError("io", "EIO");
  tidyLog(shard);
  assert.deepEqual(runGroup(shard, [FORGET]).outcomes, [{ ok: false, fault: { kind: "io", text: "EIO" } }]);
  delete it.fault;
  assert.deepEqual(runGroup(shard, [FORGET]).outcomes, [{ ok: true, answer: undefined }]);
});

async function lab(): Promise<AsyncDisposable & { readonly shard: Shard; fault?: StoreError }> {
  const folder = await mkdtemp(`${tmpdir()}/hopseal-group-`);
  const real = openShard(`${folder}/queue.db`, 0);
  const emptyLog = (): void => {
    if (it.fault !== undefined) throw it.fault;
    real.db.emptyLog();
  };
  const it: Awaited<ReturnType<typeof lab>> = {
    shard: { ...real, db: { ...real.db, emptyLog } },
    async [Symbol.asyncDispose]() {
      real.db[Symbol.dispose]();
      await rm(folder, { recursive: true });
    },
  };
  return it;
}

const FORGET: Call = { name: "forgetTallies", day: "2026-01-01" };
