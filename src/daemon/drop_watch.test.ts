import assert from "node:assert/strict";
import { mkdtemp, open, readdir, rm, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ManualClock } from "../../test/support/clock.ts";
import { ok, utf8 } from "../base/mod.ts";
import { domain, NULL_REVERSE_PATH } from "../mail/mod.ts";
import { subscribe } from "../observe/mod.ts";
import type { LocalMessage } from "../submission/mod.ts";
import { type DropOptions, watchDrop } from "./drop_watch.ts";
import { leaveInDrop } from "./drop_write.ts";

function message(text: string): LocalMessage {
  const to = [{ localPart: "ann", domain: domain("rook.example") }];
  return { from: NULL_REVERSE_PATH, to, demand: "may", content: utf8(text) };
}

interface Watched extends AsyncDisposable {
  readonly folder: string;
  readonly queued: readonly string[];
  readonly faults: readonly string[];
  /** Lets the watch look once more, until `done`. */
  look(
    done: (it: Pick<Watched, "queued" | "faults"> & { readonly names: readonly string[] }) => boolean,
  ): Promise<void>;
}

async function watched(letters: readonly string[], files: DropOptions["files"]): Promise<Watched> {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-drop-"));
  for (const text of letters) assert.ok((await leaveInDrop(folder, message(text))).ok);
  const clock = new ManualClock();
  const queued: string[] = [];
  const faults: string[] = [];
  const listening = subscribe("hopseal:fault", ({ text }) => faults.push(text));
  const options: DropOptions = {
    clock,
    messageSize: 1000,
    submit: async ({ content }) => {
      queued.push(Buffer.from(content).toString());
      return ok(undefined);
    },
    ...(files === undefined ? {} : { files }),
  };
  let watch = watchDrop(folder, options);
  return {
    folder,
    queued,
    faults,
    async look(done) {
      clock.advance(60_000);
      for (let turn = 0; turn < 5000; turn++) if (done({ queued, faults, names: await readdir(folder) })) return;
      assert.fail(`It did not come to that: ${queued.join()}; ${faults.join()}`);
    },
    async [Symbol.asyncDispose]() {
      await watch[Symbol.asyncDispose]();
      watch = { [Symbol.asyncDispose]: async () => undefined };
      listening[Symbol.dispose]();
      await rm(folder, { recursive: true });
      assert.equal(clock.pending, 0);
    },
  };
}

test("watchDrop: a file that cannot be removed is not queued again and again, and holds up no other", async () => {
  let broken = true;
  const failing: typeof unlink = async (path) => {
    if (broken) throw Object.assign(new Error("EROFS: read-only file system"), { code: "EROFS" });
    await unlink(path);
  };
  await using it = await watched(["one", "two"], { open, unlink: failing });
  for (const least of [2, 4, 6]) await it.look(({ faults }) => faults.length >= least);
  assert.deepEqual([...it.queued].sort(), ["one", "two"]);
  assert.ok(it.faults.length > 0 && it.faults.every((text) => text.includes("EROFS")), it.faults.join());
  broken = false;
  await it.look(({ names }) => names.length === 0);
  assert.equal(it.queued.length, 2);
});

test("watchDrop: a file that cannot be read for a while waits, and is not set aside", async () => {
  let broken = true;
  const failing: typeof open = async (...args) => {
    if (broken) throw Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
    return await open(...args);
  };
  await using it = await watched(["one"], { open: failing, unlink });
  await it.look(({ faults }) => faults.length >= 2);
  assert.deepEqual(
    (await readdir(it.folder)).map((name) => name.replace(/^\w+/, "x")),
    ["x.drop"],
  );
  broken = false;
  await it.look(({ names }) => names.length === 0);
  assert.deepEqual(it.queued, ["one"]);
});

test("leaveInDrop: an envelope that the daemon would not read is refused to the caller", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-drop-"));
  const to = Array.from({ length: 40_000 }, (_, at) => ({ localPart: `user${at}`, domain: domain("rook.example") }));
  const left = await leaveInDrop(folder, { ...message("x"), to });
  assert.deepEqual([left.ok, await readdir(folder)], [false, []]);
  await rm(folder, { recursive: true });
});
