import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ManualClock } from "../../test/support/clock.ts";
import type { Bytes } from "../base/mod.ts";
import { subscribe } from "../observe/mod.ts";
import { type QueueId, StoreError } from "../queue/mod.ts";
import type { Operator } from "./control_api.ts";
import { streamFromDaemon } from "./control_client.ts";
import { startControl } from "./control_server.ts";

const folder = mkdtempSync(join(tmpdir(), "hopseal-stream-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "control.sock");
const options = { clock: new ManualClock(), messageSize: 100 };

test("control socket: content comes in chunks as it is read, never ahead of a slow reader", async () => {
  let made = 0;
  const size = 64 * 1_048_576;
  const operator = only({
    content: async () => ({
      size,
      content: (async function* chunks(): AsyncIterable<Bytes> {
        for (; made < 64; made++) yield new Uint8Array(1_048_576).fill(made);
      })(),
    }),
  });
  await using _control = await startControl(path, operator, options);
  const answer = await streamFromDaemon(path, { method: "GET", path: "queue/abc/content" });
  assert.ok(answer.ok);
  let seen = 0;
  let ahead = 0;
  for await (const chunk of answer.value) {
    assert.equal(chunk[0], Math.floor(seen / 1_048_576));
    seen += chunk.length;
    ahead = Math.max(ahead, made - seen / 1_048_576);
  }
  assert.equal(seen, size);
  assert.ok(ahead < 8, `${ahead} MiB were made before they could be read`);
});

test("control socket: content or a list that fails midway is cut off, seen as such, and logged", async () => {
  const faults: string[] = [];
  using _heard = subscribe("hopseal:fault", ({ text }) => void faults.push(text));
  const operator = only({
    content: async () => ({
      size: 10,
      content: (async function* chunks(): AsyncIterable<Bytes> {
        yield new Uint8Array(5);
        throw new StoreError("corrupt", "the file is short");
      })(),
    }),
    list: (() => {
      let page = 0;
      return () =>
        page++ === 0 ? Promise.resolve(Array.from({ length: 100 }, message)) : Promise.reject(new Error("gone"));
    })(),
  });
  await using _control = await startControl(path, operator, options);
  for (const [what, query] of [
    ["queue/abc/content", undefined],
    ["queue", new URLSearchParams({ format: "lines", limit: "all" })],
  ] as const) {
    const call = { method: "GET", path: what, ...(query === undefined ? {} : { query }) } as const;
    const answer = await streamFromDaemon(path, call);
    // The head of the answer may or may not have left before the cut.
    if (!answer.ok) assert.deepEqual(answer.error, { kind: "broken", detail: "socket hang up" });
    else {
      const { value } = answer;
      await assert.rejects(async () => {
        for await (const chunk of value) assert.ok(chunk.length > 0);
      }, /The daemon broke off its answer: aborted/);
    }
  }
  assert.deepEqual(faults, ["the file is short", "gone"]);
});

test("control socket: a reader that goes away ends the reading of the content, and nothing is logged", async () => {
  const faults: string[] = [];
  using _heard = subscribe("hopseal:fault", ({ text }) => void faults.push(text));
  const ended = Promise.withResolvers<void>();
  const operator = only({
    content: async () => ({
      size: 1e9,
      content: (async function* chunks(): AsyncIterable<Bytes> {
        try {
          for (;;) yield new Uint8Array(65_536);
        } finally {
          ended.resolve();
        }
      })(),
    }),
  });
  await using _control = await startControl(path, operator, options);
  const answer = await streamFromDaemon(path, { method: "GET", path: "queue/abc/content" });
  assert.ok(answer.ok);
  for await (const chunk of answer.value) if (chunk.length > 0) break;
  await ended.promise;
  assert.deepEqual(faults, []);
});

function only(members: Partial<Operator>): Operator {
  return members as Operator;
}

function message(_: unknown, at: number): Awaited<ReturnType<Operator["list"]>>[number] {
  return {
    id: `m${at}` as QueueId,
    envelope: {
      reversePath: { kind: "null" },
      recipients: [],
      body: "7bit",
      smtpUtf8: false,
      dsn: {},
      demand: { level: "may", propagate: false, because: [] },
      origin: { kind: "local" },
      content: { size: 1, eightBit: false, bareCrLf: false, nul: false, endsInCrlf: true, longestLine: 1 },
    },
    acceptedAt: 0,
    bodySize: 1,
    units: [],
  };
}
