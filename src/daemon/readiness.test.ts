import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ManualClock } from "../../test/support/clock.ts";
import { parseConfig } from "../config/mod.ts";
import { StoreError } from "../queue/mod.ts";
import { openPauses } from "./pauses.ts";
import { type ReadinessParts, readinessOf } from "./readiness.ts";

const folder = mkdtempSync(join(tmpdir(), "hopseal-readiness-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("readinessOf: each reason by itself, and all of them together", async () => {
  const clock = new ManualClock();
  const kinds = async (change: Partial<ReadinessParts>): Promise<readonly string[]> => {
    const { ready, reasons } = await readinessOf({ ...partsFor(clock), ...change });
    assert.equal(ready, reasons.length === 0);
    return reasons.map(({ kind }) => kind);
  };
  assert.deepEqual(await kinds({}), []);
  const failing = { forgetTallies: () => Promise.reject(new StoreError("io", "the log could not be synced")) };
  assert.deepEqual(await kinds({ store: failing }), ["store"]);
  const full = { free: async () => 99_999_999 };
  assert.deepEqual(await kinds(full), ["disk-space"]);
  assert.deepEqual(await kinds({ free: async () => 100_000_000 }), []);
  assert.deepEqual(await kinds({ free: async () => undefined }), [], "what the system does not say is no reason");
  assert.deepEqual(await kinds({ listeners: [] }), ["listeners"]);
  assert.deepEqual(await kinds({ listeners: [], handed: true }), []);
  const pauses = openPauses(folder);
  pauses.change("pause", { destinations: ["pine.example"] });
  assert.deepEqual(await kinds({ pauses }), [], "one destination keeps nobody out");
  pauses.change("pause", { sending: true });
  assert.deepEqual(await kinds({ pauses }), ["paused"]);
  pauses.change("pause", { receiving: true });
  pauses.drain();
  const all = ["draining", "paused", "paused", "listeners", "store", "disk-space"];
  assert.deepEqual(await kinds({ ...full, pauses, listeners: [], store: failing }), all);
});

test("readinessOf: a store that does not answer is a reason after some seconds", async () => {
  const clock = new ManualClock();
  const asked = Promise.withResolvers<void>();
  const silent = {
    forgetTallies() {
      asked.resolve();
      return new Promise<never>(() => undefined);
    },
  };
  const answer = readinessOf({ ...partsFor(clock), store: silent });
  await asked.promise;
  clock.advance(5000);
  assert.deepEqual((await answer).reasons, [
    { kind: "store", text: "The queue cannot be written: no answer within 5 s" },
  ]);
});

function partsFor(clock: ManualClock): ReadinessParts {
  const text = `hostname = "mx.rook.example"\ndata_dir = "data"\npostmaster = "bo@rook.example"\n[queue]\nfree_space = "100 MB"\n[[listen]]\naddress = "127.0.0.1:25"\ntls = "none"\n`;
  const parsed = parseConfig(text, join(folder, "hopseal.toml"));
  assert.ok(parsed.ok);
  return {
    config: parsed.value.config,
    clock,
    store: { forgetTallies: async () => undefined },
    pauses: openPauses(join(folder, "none")),
    listeners: [{}],
    handed: false,
    free: async () => 1e12,
  };
}
