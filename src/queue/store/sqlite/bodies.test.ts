import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { type TestContext, test } from "node:test";
import { seededRandom } from "../../../base/mod.ts";
import { ManualClock } from "../../../../test/support/clock.ts";
import type { QueueId, StoreError } from "../../port.ts";
import { envelopeFor, stage } from "../contract/lab.test.ts";
import { type BodyFile, type BodyFiles, systemFiles } from "./files.ts";
import { openSqliteStore } from "./open.ts";

type Call = keyof BodyFile | keyof BodyFiles;

/** The call that fails, how, and what comes of it. */
const FAULTS: readonly { readonly call: Call; readonly code: string; readonly kind: StoreError["kind"] }[] = [
  { call: "create", code: "EACCES", kind: "io" },
  { call: "create", code: "ENOSPC", kind: "no-space" },
  { call: "append", code: "ENOSPC", kind: "no-space" },
  { call: "append", code: "EDQUOT", kind: "no-space" },
  { call: "append", code: "EIO", kind: "io" },
  { call: "sync", code: "EIO", kind: "io" },
  { call: "rename", code: "EIO", kind: "io" },
  { call: "syncFolder", code: "EIO", kind: "io" },
];

for (const { call, code, kind } of FAULTS) {
  test(`when ${call} fails with ${code}, the commit is refused as ${kind} and the next succeeds`, async (t) => {
    const directory = await folder(t);
    const faults: Faults = { calls: [] };
    await using store = await openSqliteStore({ ...OPTIONS, directory, fs: faulty(faults) });
    const body = seededRandom(2).bytes(300_000);
    const commit = async (id: string): Promise<void> => {
      const units = [{ destination: "rook.example" as never, recipients: [0] }];
      const message = { id: id as QueueId, envelope: envelopeFor(["rook.example"]), acceptedAt: 0, units };
      const staged = await stage(store, [body.subarray(0, 150_000), body.subarray(150_000)]);
      await store.commit(message, staged);
    };
    faults.fail = { call, code };
    await assert.rejects(commit("first"), { name: "StoreError", kind });
    delete faults.fail;
    assert.deepEqual(await store.count(), { messages: 0, units: 0 });
    assert.deepEqual(await readdir(`${directory}/bodies`), []);
    await commit("second");
    const chunks: Uint8Array[] = [];
    for await (const chunk of store.openBody("second" as QueueId)) chunks.push(chunk);
    assert.deepEqual(new Uint8Array(Buffer.concat(chunks)), body);
    await store[Symbol.asyncDispose]();
    await using _again = await openSqliteStore({ ...OPTIONS, directory });
    assert.deepEqual(await readdir(`${directory}/bodies`), ["second"]);
  });
}

test("a large content is synced, renamed, and its folder synced, before the commit resolves", async (t) => {
  const faults: Faults = { calls: [] };
  await using store = await openSqliteStore({ ...OPTIONS, directory: await folder(t), fs: faulty(faults) });
  faults.calls.length = 0;
  const staged = await stage(store, [new Uint8Array(200_000)]);
  assert.deepEqual(faults.calls, ["create", "append"]);
  const units = [{ destination: "rook.example" as never, recipients: [0] }];
  const envelope = envelopeFor(["rook.example"]);
  await store.commit({ id: "abc" as QueueId, envelope, acceptedAt: 0, units }, staged);
  assert.deepEqual(faults.calls, ["create", "append", "sync", "close", "rename", "syncFolder"]);
});

test("write asks to wait while the disk is slow, and a small content needs no disk", async (t) => {
  const gate = Promise.withResolvers<void>();
  const slow: BodyFiles = {
    ...systemFiles,
    async create(path) {
      await gate.promise;
      return systemFiles.create(path);
    },
  };
  await using store = await openSqliteStore({ ...OPTIONS, directory: await folder(t), fs: slow });
  await using sink = store.stage();
  const waits: boolean[] = [];
  let last: void | Promise<void> = undefined;
  for (let at = 0; at < 20; at++) {
    last = sink.write(new Uint8Array(65_536));
    waits.push(last !== undefined);
  }
  assert.equal(waits.indexOf(true), 7);
  gate.resolve();
  await last;
  const staged = await sink.finish();
  assert.equal(staged.size, 20 * 65_536);
  await staged[Symbol.asyncDispose]();
});

test("a sink that is abandoned while it writes leaves no file", async (t) => {
  const directory = await folder(t);
  await using store = await openSqliteStore({ ...OPTIONS, directory });
  const sink = store.stage();
  void sink.write(new Uint8Array(1_000_000));
  await sink[Symbol.asyncDispose]();
  assert.deepEqual(await readdir(`${directory}/bodies`), []);
});

const OPTIONS = { clock: new ManualClock(), random: seededRandom(4) };

interface Faults {
  readonly calls: Call[];
  fail?: { readonly call: Call; readonly code: string };
}

/** The system's files, which note every call and fail the one that is named. */
function faulty(faults: Faults): BodyFiles {
  const pass = async <T>(call: Call, work: () => Promise<T>): Promise<T> => {
    faults.calls.push(call);
    if (faults.fail?.call !== call) return work();
    throw Object.assign(new Error(`${faults.fail.code}: injected`), { code: faults.fail.code });
  };
  const watched = (file: BodyFile): BodyFile => ({
    append: (bytes) => pass("append", () => file.append(bytes)),
    sync: () => pass("sync", () => file.sync()),
    read: (into, at) => pass("read", () => file.read(into, at)),
    close: () => pass("close", () => file.close()),
  });
  return {
    create: (path) => pass("create", async () => watched(await systemFiles.create(path))),
    openRead: (path) => pass("openRead", async () => watched(await systemFiles.openRead(path))),
    rename: (from, to) => pass("rename", () => systemFiles.rename(from, to)),
    unlink: (path) => pass("unlink", () => systemFiles.unlink(path)),
    syncFolder: (path) => pass("syncFolder", () => systemFiles.syncFolder(path)),
    list: (path) => pass("list", () => systemFiles.list(path)),
  };
}

async function folder(t: TestContext): Promise<string> {
  const directory = await mkdtemp(`${tmpdir()}/hopseal-bodies-`);
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}
