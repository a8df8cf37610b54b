import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { MessageJson } from "../../../src/daemon/mod.ts";
import { statusOf } from "../../../src/status/mod.ts";
import { type RunningHopseal, startHopseal } from "../../support/hopseal.ts";
import { pause } from "../../support/other-program.ts";
import { startSink } from "../../support/sink.ts";
import {
  allArrived,
  arrived,
  ask,
  config,
  connect,
  emptied,
  names,
  pidOf,
  put,
  putAll,
  workers,
  workersUntil,
} from "./_world.ts";

test("workers: both take mail and deliver it; the log says which; a session that is open on each goes on side by side", async () => {
  await using sink = await startSink();
  await using hopseal = await startHopseal({ config: config(2, sink.port) });
  const sessions = [await connect(hopseal), await connect(hopseal)];
  for (const [at, session] of sessions.entries()) assert.equal((await put(session, `m${at}`))?.code, 250);
  const all = await workers(hopseal);
  assert.deepEqual(
    all.map(({ number, state, shards, connections }) => ({ number, state, shards, connections })),
    [
      { number: 0, state: "ready", shards: [0], connections: 1 },
      { number: 1, state: "ready", shards: [1], connections: 1 },
    ],
  );
  await allArrived(sink, ["m0", "m1"]);
  await triedOnce(hopseal, 2);
  for (const event of ["accepted", "attempt"]) {
    const lines = hopseal.log.filter((line) => line["event"] === event);
    assert.deepEqual(new Set(lines.map((line) => line["worker"])), new Set([0, 1]), event);
  }
  assert.equal(hopseal.log.filter((line) => line["event"] === "ready").length, 1);
  assert.equal(hopseal.log.find((line) => line["event"] === "ready")?.["pid"], hopseal.pid);
  for (const session of sessions) await session.quit();
  await workersUntil(hopseal, (now) => now.every(({ connections }) => connections === 0));
  assert.equal(await hopseal.stop(), 0);
});

test("workers: the operator sees and handles all shards as one queue", async () => {
  let taking = false;
  await using sink = await startSink({ verdict: () => statusOf(taking ? "ok-message" : "system-busy") });
  await using hopseal = await startHopseal({ config: config(2, sink.port).replace('first = "1 s"', 'first = "1 h"') });
  const sent = names("q", 6);
  await putAll(hopseal, sent);
  await triedOnce(hopseal, sent.length);
  const lines = async (query: string): Promise<MessageJson[]> =>
    (await ask<{ messages: MessageJson[] }>(hopseal, `queue?${query}`)).messages;
  const all = await lines("limit=100");
  assert.equal(all.length, 6);
  const ids = all.map(({ id }) => id);
  assert.deepEqual(ids, [...ids].sort());
  const pages = [await lines("limit=4"), await lines(`limit=4&after=${ids[3]}`)];
  assert.deepEqual(
    pages.flat().map(({ id }) => id),
    ids,
  );
  for (const id of ids) {
    const { message } = await ask<{ message: MessageJson }>(hopseal, `queue/${id}`);
    assert.equal(message.id, id);
    const envelope = await ask<{ id: string }>(hopseal, `queue/${id}/envelope`);
    assert.equal(envelope.id, id);
  }
  assert.equal(await hopseal.stop(), 0);
  // While none runs the commands read the files themselves, and both have some.
  const { daemonQueue } = await import("../../../src/daemon/mod.ts");
  const { loadConfig } = await import("../../../src/config/mod.ts");
  const loaded = loadConfig(hopseal.configFile);
  assert.ok(loaded.ok);
  const offline = daemonQueue(loaded.value.config);
  const seen: string[] = [];
  assert.deepEqual(await offline.list({ filter: {}, limit: Infinity }, ({ id }) => void seen.push(id)), {
    messages: 6,
  });
  assert.deepEqual(seen, ids);
  for (const id of ids) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await offline.content(id)) ?? []) chunks.push(chunk);
    assert.match(Buffer.concat(chunks).toString(), /^Subject: q\d\r$/m);
  }
  for (const shard of ["shard-0", "shard-1"]) assert.ok((await readdir(join(hopseal.folder, "data"))).includes(shard));
  taking = true;
  await using again = await startHopseal({
    config: await readFile(hopseal.configFile, "utf8"),
    folder: hopseal.folder,
  });
  assert.equal(again.log.find((line) => line["event"] === "ready")?.["queued"], 6);
  const queue = daemonQueue(loaded.value.config);
  const [first = "", second = ""] = ids;
  const filter = (id: string): { message: never } => ({ message: id as never });
  assert.deepEqual(await queue.operate(filter(first), "drop"), { ok: true, value: 1 });
  assert.deepEqual(await queue.operate(filter(first), "drop"), { ok: true, value: undefined });
  const content: Uint8Array[] = [];
  for await (const chunk of (await queue.content(second)) ?? []) content.push(chunk);
  assert.match(Buffer.concat(content).toString(), /^Subject: q\d\r$/m);
  assert.equal(await queue.content(first), undefined);
  assert.deepEqual(await queue.operate({}, "retry"), { ok: true, value: 5 });
  await emptied(again);
  assert.deepEqual([...arrived(sink).values()], [1, 1, 1, 1, 1]);
});

test("workers: kill -9 of one costs its own connections alone; what it had taken is delivered by its next life", async () => {
  let taking = false;
  await using sink = await startSink({ verdict: () => statusOf(taking ? "ok-message" : "system-busy") });
  await using hopseal = await startHopseal({ config: config(2, sink.port) });
  const [one, other] = [await connect(hopseal), await connect(hopseal)];
  assert.equal((await put(one, "a"))?.code, 250);
  assert.equal((await put(other, "b"))?.code, 250);
  const before = await workers(hopseal);
  const victim = hopseal.log.find((line) => line["event"] === "accepted")?.["worker"] as number;
  process.kill(pidOf(before, victim), "SIGKILL");
  const fault = await hopseal.waitFor((line) => line["where"] === "workers");
  assert.equal(fault["text"], `Worker ${victim} (shard-${victim}) ended by SIGKILL; starts again in 100 ms`);
  assert.equal((await put(other, "c"))?.code, 250);
  assert.equal(await put(one, "lost"), undefined);
  const after = await workersUntil(hopseal, (all) => all.every(({ state }) => state === "ready"));
  assert.notEqual(pidOf(after, victim), pidOf(before, victim));
  assert.equal(pidOf(after, 1 - victim), pidOf(before, 1 - victim));
  taking = true;
  await putAll(hopseal, ["d", "e"]);
  await allArrived(sink, ["a", "b", "c", "d", "e"]);
  assert.ok(!arrived(sink).has("lost"));
  await other.quit();
});

test("workers: a shard whose worker dies again and again is delivered from by another; so are those of a larger count", async () => {
  let taking = false;
  await using sink = await startSink({ verdict: () => statusOf(taking ? "ok-message" : "system-busy") });
  const folder = await mkdtemp(join(tmpdir(), "hopseal-workers-"));
  try {
    // Nothing is under way at any of the deaths: what is at three in a row is held.
    const patient = (count: number): string => config(count, sink.port).replace('first = "1 s"', 'first = "1 h"');
    await using hopseal = await startHopseal({ config: patient(3), folder });
    const sent = names("m", 6);
    await putAll(hopseal, sent);
    await triedOnce(hopseal, sent.length);
    for (let death = 0; death < 4; death++) {
      const all = await workersUntil(hopseal, ([, one]) => one?.state === "ready");
      process.kill(pidOf(all, 1), "SIGKILL");
      await workersUntil(hopseal, ([, one]) => one?.state !== "ready" || one.pid !== pidOf(all, 1));
    }
    await hopseal.waitFor((line) => String(line["text"]).endsWith("another takes its shard"));
    const all = await workersUntil(hopseal, (now) => now.some(({ shards }) => shards.length === 2));
    assert.deepEqual(all[1]?.state, "down");
    assert.deepEqual(all.flatMap(({ shards }) => shards).sort(), [0, 1, 2]);
    assert.equal((await ask<{ messages: unknown[] }>(hopseal, "queue")).messages.length, 6);
    assert.equal(await hopseal.stop(), 0);

    // Fewer, then more.
    await using alone = await startHopseal({ config: patient(1), folder });
    assert.equal((await ask<{ messages: unknown[] }>(alone, "queue")).messages.length, 6);
    assert.equal(await alone.stop(), 0);
    taking = true;
    await using more = await startHopseal({ config: patient(2), folder });
    assert.deepEqual((await workers(more)).flatMap(({ shards }) => shards).sort(), [0, 1, 2]);
    await putAll(more, ["new"]);
    const { daemonQueue } = await import("../../../src/daemon/mod.ts");
    const { loadConfig } = await import("../../../src/config/mod.ts");
    const loaded = loadConfig(more.configFile);
    assert.ok(loaded.ok);
    assert.ok((await daemonQueue(loaded.value.config).operate({}, "retry")).ok);
    await allArrived(sink, [...sent, "new"]);
    await emptied(more);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("workers: SIGHUP reaches all of them, and one that is started again follows too", async () => {
  await using old = await startSink();
  await using fresh = await startSink();
  await using hopseal = await startHopseal({ config: config(2, old.port) });
  await putAll(hopseal, ["a", "b"]);
  await allArrived(old, ["a", "b"]);
  const text = await readFile(hopseal.configFile, "utf8");
  await writeFile(
    hopseal.configFile,
    text.replaceAll(`:${old.port}`, `:${fresh.port}`).replace("workers = 2", "workers = 3"),
  );
  process.kill(hopseal.pid, "SIGHUP");
  assert.equal((await hopseal.waitFor((line) => line["event"] === "reloaded"))["problems"], 1);
  await hopseal.waitFor((line) => line["text"] === "workers has changed; that waits for the next start");
  await putAll(hopseal, ["c", "d"]);
  await allArrived(fresh, ["c", "d"]);
  const before = await workers(hopseal);
  process.kill(pidOf(before, 0), "SIGKILL");
  await workersUntil(hopseal, ([one]) => one?.state === "ready" && one.pid !== pidOf(before, 0));
  await putAll(hopseal, ["e", "f"]);
  await allArrived(fresh, ["e", "f"]);
  assert.equal(old.caught.length, 2);
});

test("workers: SIGTERM under load cuts no reply, and what was accepted is delivered (RFC 5321 §6.1)", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-workers-"));
  try {
    await using sink = await startSink();
    await using hopseal = await startHopseal({ config: config(2, sink.port), folder });
    const taken: string[] = [];
    const begun = Promise.withResolvers<void>();
    const pour = async (sender: number): Promise<void> => {
      const session = await connect(hopseal);
      for (let at = 0; ; at++) {
        const name = `s${sender}n${at}`;
        const status = await put(session, name, at % 3 === 0 ? 100_000 : 500);
        // 421 says that it was not taken; a connection that ends without a reply to the content would be cut.
        if (status === undefined || status.code === 421) return;
        assert.equal(status.code, 250);
        taken.push(name);
        if (taken.length > 40) begun.resolve();
      }
    };
    const pouring = names("", 8).map((_, sender) => pour(sender));
    await begun.promise;
    assert.equal(await hopseal.stop(), 0);
    await Promise.all(pouring);
    await using again = await startHopseal({ config: config(2, sink.port), folder });
    await emptied(again);
    const counts = arrived(sink);
    assert.deepEqual(
      taken.filter((name) => counts.get(name) !== 1),
      [],
    );
    // Whatever arrived was answered with 250: no reply was cut between final dot and answer.
    assert.deepEqual(
      [...counts.keys()].filter((name) => !taken.includes(name)),
      [],
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("workers: kill -9 of the parent lets the workers drain and end by themselves, and the next start has everything", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-workers-"));
  try {
    await using sink = await startSink({ verdict: () => statusOf("system-busy") });
    await using hopseal = await startHopseal({ config: config(2, sink.port), folder });
    const sent = names("m", 6);
    await putAll(hopseal, sent);
    const open = await connect(hopseal);
    const pids = (await workers(hopseal)).map(({ number, pid }) => pid ?? number);
    await hopseal.kill();
    // A session that is open is told, and ends.
    assert.equal((await put(open, "late"))?.code ?? 421, 421);
    await using last = await startSink();
    await using _again = await startHopseal({ config: config(2, last.port), folder });
    // A worker gives its shard back before it is gone.
    for (const pid of pids) while (await isAlive(pid)) await pause();
    await allArrived(last, sent);
    assert.ok(!arrived(last).has("late"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** One that has ended and that nobody asks about any more is a zombie at most. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return stat !== undefined && !/^ [ZX] /.test(stat.slice(stat.lastIndexOf(")") + 1));
}

async function triedOnce(hopseal: RunningHopseal, count: number): Promise<void> {
  const seen = new Set<unknown>();
  await hopseal.waitFor((line) => line["event"] === "attempt" && seen.add(line["id"]).size === count);
}
