import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { seededRandom } from "../../../base/mod.ts";
import { ManualClock } from "../../../../test/support/clock.ts";
import type { QueueId } from "../../port.ts";
import { envelopeFor, stage } from "../contract/lab.test.ts";
import { createLine, type Line } from "./line.ts";
import { openSqliteStore } from "./open.ts";

test("a commit that is refused behind a stalled disk leaves no file; the one under way keeps its own, as its row may come", async () => {
  const directory = await mkdtemp(`${tmpdir()}/hopseal-stalled-`);
  const clock = new ManualClock();
  let line: Line | undefined;
  const groups: unknown[] = [];
  const calls: string[] = [];
  const store = await openSqliteStore({
    directory,
    clock,
    timer: clock,
    random: seededRandom(1),
    async start(_options, patience) {
      line = createLine((message) => groups.push(message), patience);
      const end = (): Promise<void> => Promise.resolve(line?.end({ kind: "closed", text: "" }));
      const call: Line["call"] = (...given) => {
        calls.push(given[0]);
        return (line as Line).call(...given);
      };
      return { ...line, call, files: [], totals: () => ({ messages: 0, octets: 0 }), close: end };
    },
  });
  const commit = async (id: string): Promise<void> => {
    const units = [{ destination: "rook.example" as never, recipients: [0] }];
    const staged = await stage(store, [new Uint8Array(200_000)]);
    await store.commit({ id: id as QueueId, envelope: envelopeFor(["rook.example"]), acceptedAt: 0, units }, staged);
  };
  try {
    const first = commit("first").catch(() => "refused");
    while (groups.length < 1) await new Promise(setImmediate);
    const second = commit("second");
    const refused = assert.rejects(second, { kind: "io" });
    while (calls.length < 2) await new Promise(setImmediate);
    clock.advance(60_000);
    await refused;
    await assert.rejects(commit("third"), { kind: "io" });
    assert.deepEqual(await readdir(`${directory}/bodies`), ["first"]);
    clock.advance(9 * 60_000);
    assert.equal(await first, "refused");
    assert.deepEqual(await readdir(`${directory}/bodies`), ["first"]);
  } finally {
    clock.advance(9 * 60_000);
    await store[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  }
});
