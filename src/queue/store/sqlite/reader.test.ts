import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { seededRandom } from "../../../base/mod.ts";
import { ManualClock } from "../../../../test/support/clock.ts";
import type { QueueId, Store } from "../../port.ts";
import { envelopeFor, SMALL, stage } from "../contract/lab.test.ts";
import { openSqliteStore } from "./open.ts";
import { openSqliteReader } from "./reader.ts";

test("a reader sees what the store kept, small and large, and changes nothing", async (t) => {
  const directory = await folder(t);
  const large = seededRandom(4).bytes(200_000);
  await within(await open(directory), async (store) => {
    await queue(store, "small", SMALL);
    await queue(store, "large", large);
    await store.claim({ now: NOW, lease: 1000, limit: 1 });
  });
  const before = await readFile(`${directory}/queue.db`);
  const reader = openSqliteReader({ directory, clock: new ManualClock() });
  assert.ok(reader);
  assert.deepEqual(
    (await reader.list()).map(({ id, units }) => [id, units[0]?.state, units[0]?.crashes]),
    [
      ["large", "due", 0],
      ["small", "leased", 0],
    ],
  );
  assert.deepEqual(
    (await reader.list({ filter: { state: "leased" } })).map(({ id }) => id),
    ["small"],
  );
  assert.deepEqual(await contentOf(reader, "small"), Buffer.from(SMALL));
  assert.deepEqual(await contentOf(reader, "large"), Buffer.from(large));
  assert.deepEqual(await reader.count(), { messages: 2, units: 2 });
  await reader[Symbol.asyncDispose]();
  assert.deepEqual(await readFile(`${directory}/queue.db`), before);
  // The lease ends with the next opening, once.
  await within(await open(directory), async (store) => {
    assert.equal((await store.show("small" as QueueId))?.units[0]?.crashes, 1);
  });
});

test("a reader is refused while the store is open, and the store goes on", async (t) => {
  const directory = await folder(t);
  await using store = await open(directory);
  await queue(store, "abc", SMALL);
  assert.throws(() => openSqliteReader({ directory, clock: new ManualClock() })?.count(), {
    kind: "io",
    message: /open in another process/,
  });
  await queue(store, "def", SMALL);
  assert.equal((await store.count()).messages, 2);
});

test("without a queue there is no reader, and none is made", async (t) => {
  const directory = await folder(t);
  assert.equal(openSqliteReader({ directory, clock: new ManualClock() }), undefined);
  assert.deepEqual(await readdir(directory), []);
});

test("a shard of schema 1 is not migrated by a reader, which says who does it", async (t) => {
  const directory = await folder(t);
  await cp(CORPUS, directory, { recursive: true });
  const before = await readFile(`${directory}/queue.db`);
  assert.throws(() => openSqliteReader({ directory, clock: new ManualClock() }), {
    kind: "io",
    message: /schema 1, this program reads 3: the daemon brings it up to date when it starts/,
  });
  assert.deepEqual(await readFile(`${directory}/queue.db`), before);
});

const CORPUS = fileURLToPath(new URL("../../../../test/corpus/shard-v1/shard/", import.meta.url));
const NOW = new ManualClock().now();

function open(directory: string): Promise<Store> {
  return openSqliteStore({ directory, clock: new ManualClock(), random: seededRandom(1) });
}

async function folder(t: TestContext): Promise<string> {
  const directory = await mkdtemp(`${tmpdir()}/hopseal-reader-`);
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

async function within(store: Store, work: (store: Store) => Promise<void>): Promise<void> {
  await using opened = store;
  await work(opened);
}

async function queue(store: Store, id: string, body: Uint8Array): Promise<void> {
  const units = [{ destination: "rook.example" as never, recipients: [0] }];
  const message = { id: id as QueueId, envelope: envelopeFor(["rook.example"]), acceptedAt: NOW, units };
  await store.commit(message, await stage(store, [body]));
}

async function contentOf(reader: Pick<Store, "openBody">, id: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of reader.openBody(id as QueueId)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
