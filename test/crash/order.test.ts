import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { needs } from "../support/programs.ts";
import { SMALL_BODY } from "./body.ts";
import { runLoad } from "./child.ts";
import { readTrace, type Syscall } from "./trace.ts";

test("what is acknowledged is synced before: log, content file, its new name, in this order", {
  skip: needs("strace"),
}, async () => {
  const root = await mkdtemp(`${tmpdir()}/hopseal-order-`);
  try {
    const log = `${root}/strace`;
    const under = ["strace", "-f", "-y", "-qq", "-s", "20000", "-o", log, "-e", `trace=${CALLS}`];
    const ending = await runLoad({ directory: `${root}/shard`, seed: 4, producers: 3, messages: 40, under });
    assert.equal(ending.errors, "");
    const { acknowledged, filed } = checkOrder(readTrace(await readFile(log, "utf8")));
    assert.equal(acknowledged, 40);
    assert.ok(filed > 5, `${filed} contents in files`);
  } finally {
    await rm(root, { recursive: true });
  }
});

test("a log that a dead process left is written over itself and synced before anything of it reaches the database", {
  skip: needs("strace"),
}, async () => {
  const root = await mkdtemp(`${tmpdir()}/hopseal-order-`);
  try {
    const load = { directory: `${root}/shard`, seed: 4, producers: 2, messages: 8 };
    assert.ok((await runLoad({ ...load, killAfterLines: 15 })).killed);
    const log = `${root}/strace`;
    const under = ["strace", "-f", "-y", "-qq", "-s", "20", "-o", log, "-e", "trace=pwrite64,fsync,unlink"];
    assert.equal((await runLoad({ ...load, seed: 5, under })).errors, "");
    const calls = readTrace(await readFile(log, "utf8"));
    const database = calls.findIndex((call) => call.name === "pwrite64" && isOn(call, "queue.db"));
    const renewed = calls.findIndex((call) => call.name === "pwrite64" && isOn(call, "queue.db-wal"));
    assert.ok(renewed >= 0 && renewed < database, "the log was not written before the database");
    assert.match(calls[renewed]?.args ?? "", /, 0$/);
    assert.ok(
      between(calls, renewed, database).some((call) => isSync(call, "queue.db-wal")),
      "the log was not synced",
    );
    // And a new log is begun, synced, before the first content goes.
    const removed = calls.findIndex((call) => call.name === "unlink" && call.args.includes("/bodies/"));
    const until = removed < 0 ? calls.length : removed;
    assert.ok(
      between(calls, database, until).some((call) => isSync(call, "queue.db-wal")),
      "no new log was begun",
    );
  } finally {
    await rm(root, { recursive: true });
  }
});

test("the check of the order finds an acknowledgement that came too early", () => {
  const call = (name: string, args: string): Syscall => ({ name, args, result: "0" });
  const begin = call("write", '1<pipe:[1]>, "begin abc 9999\\n", 15');
  const content = call("write", '7</s/bodies/12.part>, "", 9999');
  const contentSync = call("fsync", "7</s/bodies/12.part>");
  const rename = call("rename", '"/s/bodies/12.part", "/s/bodies/abc"');
  const folderSync = call("fsync", "8</s/bodies>");
  const row = call("pwrite64", '5</s/queue.db-wal>, "..abc..", 3, 0');
  const logSync = call("fsync", "5</s/queue.db-wal>");
  const ack = call("write", '1<pipe:[1]>, "commit abc\\n", 11');
  const right = [begin, content, contentSync, rename, folderSync, row, logSync, ack];
  assert.deepEqual(checkOrder(right), { acknowledged: 1, filed: 1 });
  for (let at = 1; at < right.length - 1; at++) {
    assert.throws(() => checkOrder(right.toSpliced(at, 1)), assert.AssertionError, `without call ${at}`);
    assert.throws(
      () => checkOrder(right.toSpliced(at, 2, right[at + 1] as Syscall, right[at] as Syscall)),
      `swapped ${at}`,
    );
  }
});

/**
 * Walks through the calls and holds every acknowledgement against them: after the message's row was first written to the
 * log, the log was synced; a content file was synced after its last write, then renamed, then its folder synced, and all
 * that before the row was written.
 */
function checkOrder(calls: readonly Syscall[]): { acknowledged: number; filed: number } {
  const sizes = new Map<string, number>();
  let acknowledged = 0;
  let filed = 0;
  for (const [at, { name, args }] of calls.entries()) {
    const [, verb = "", id = "", size = "0"] = name === "write" ? (SAID.exec(args) ?? []) : [];
    if (verb === "begin") sizes.set(id, Number(size));
    if (verb !== "commit") continue;
    acknowledged++;
    const row = calls.findIndex(
      (call) => call.name === "pwrite64" && call.args.includes(id) && isOn(call, "queue.db-wal"),
    );
    assert.ok(row >= 0 && row < at, `the row of ${id} was not written before it was acknowledged`);
    assert.ok(
      between(calls, row, at).some((call) => isSync(call, "queue.db-wal")),
      `${id} was acknowledged unsynced`,
    );
    if ((sizes.get(id) ?? 0) <= SMALL_BODY) continue;
    filed++;
    const rename = calls.findIndex((call) => call.name.startsWith("rename") && call.args.endsWith(`/${id}"`));
    assert.ok(rename >= 0 && rename < row, `the file of ${id} had no name when its row was written`);
    const partial = /[^/"]+\.part/.exec(calls[rename]?.args ?? "")?.[0] ?? "";
    const last = calls.findLastIndex((call) => call.name.includes("write") && isOn(call, partial));
    assert.ok(last >= 0 && last < rename, `the file of ${id} was renamed before it was written`);
    assert.ok(
      between(calls, last, rename).some((call) => isSync(call, partial)),
      `${id} was renamed unsynced`,
    );
    assert.ok(
      between(calls, rename, row).some((call) => isSync(call, "/bodies")),
      `the name of ${id} was not synced`,
    );
  }
  return { acknowledged, filed };
}

function between(calls: readonly Syscall[], from: number, to: number): readonly Syscall[] {
  return calls.slice(from + 1, to);
}

function isSync(call: Syscall, file: string): boolean {
  return call.name === "fsync" && call.result === "0" && isOn(call, file);
}

/** Whether the call's descriptor is of a file whose path ends in `end`. */
function isOn(call: Syscall, end: string): boolean {
  const close = call.args.indexOf(">");
  return call.args.slice(0, close).endsWith(end);
}

const SAID = /^1<[^>]*>, "(begin|commit) (\w+)(?: (\d+))?\\n"/;
const CALLS = "fsync,fdatasync,pwrite64,pwritev,write,writev,rename,renameat,renameat2";
