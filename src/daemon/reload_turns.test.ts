import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ManualClock } from "../../test/support/clock.ts";
import { parseConfig } from "../config/mod.ts";
import type { Resolver } from "../dns/mod.ts";
import { startDaemon } from "./compose.ts";
import { reloadTurns } from "./reload_turns.ts";

test("reloadTurns: one after the other, whatever becomes of the one before; none after the end, which waits", async () => {
  const turns = reloadTurns();
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.take(async () => {
    order.push("first begins");
    await gate.promise;
    order.push("first ends");
    throw new Error("broken");
  });
  const second = turns.take(async () => {
    order.push("second");
    return ["a problem"];
  });
  const end = turns.end().then(() => order.push("over"));
  assert.deepEqual(await turns.take(async () => ["never"]), ["The program is stopping"]);
  gate.resolve();
  await assert.rejects(first, /broken/);
  assert.deepEqual(await second, ["a problem"]);
  await end;
  assert.deepEqual(order, ["first begins", "first ends", "second", "over"]);
});

test("Daemon.stop: waits for a reload that is under way, and leaves nothing of its sending side behind", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-stop-"));
  try {
    const text = (domain: string): string =>
      `hostname = "mx.rook.example"\ndata_dir = "${folder}/data"\npostmaster = "bo@rook.example"\n[[tls_policy]]\ndestination = "${domain}"\nlevel = "may"\noverride = true\nuntil = 2027-01-31\n`;
    const [before, after] = ["pine.example", "birch.example"].map((name) => {
      const parsed = parseConfig(text(name), join(folder, "hopseal.toml"));
      assert.ok(parsed.ok, JSON.stringify(parsed));
      return parsed.value.config;
    });
    assert.ok(before !== undefined && after !== undefined);
    const clock = new ManualClock();
    const resolver = { query: () => new Promise(() => undefined) } as unknown as Resolver;
    const daemon = await startDaemon(before, { clock, resolver });
    assert.ok(daemon.ok);
    const reloading = daemon.value.reload(after);
    await daemon.value.stop();
    assert.deepEqual(await reloading, []);
    // Every part of a sending side waits for some time to come; the ends of overrides are only one of them.
    assert.equal(clock.pending, 0);
    assert.deepEqual(await daemon.value.reload(before), ["The program is stopping"]);
    assert.equal(clock.pending, 0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
