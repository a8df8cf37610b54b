import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { seededRandom, systemRandom } from "../../../base/mod.ts";
import { subscribe } from "../../../observe/mod.ts";
import { ManualClock } from "../../../../test/support/clock.ts";
import type { QueueId, Store } from "../../port.ts";
import { delivered, envelopeFor, SMALL, stage } from "../contract/lab.test.ts";
import { openDatabase } from "./database.ts";
import { openSqliteStore, type SqliteStoreOptions } from "./open.ts";

const CORPUS = fileURLToPath(new URL("../../../../test/corpus/shard-v1/", import.meta.url));

test("a second opening is refused with a text that names the shard, in this process and in another", async (t) => {
  const directory = await folder(t);
  await using _store = await open(directory);
  const refusal = { name: "StoreError", kind: "io", message: new RegExp(`${directory}.* open in another process`) };
  await assert.rejects(open(directory), refusal);
  const database = fileURLToPath(new URL("./database.ts", import.meta.url));
  const script = `const { openDatabase } = await import(${JSON.stringify(database)}); openDatabase(process.argv[1])`;
  const other = spawnSync(process.execPath, ["-e", script, `${directory}/queue.db`], { encoding: "utf8" });
  assert.match(other.stderr, refusal.message);
});

test("folders are for the owner alone, and so are files", async (t) => {
  const directory = `${await folder(t)}/deep/shard`;
  await using store = await open(directory, { smallBody: 10 });
  await queue(store, "abc");
  const modes: string[] = [];
  for (const name of ["", "bodies", "bodies/abc", "queue.db", "queue.db-wal"]) {
    modes.push(((await stat(`${directory}/${name}`)).mode & 0o777).toString(8));
  }
  assert.deepEqual(modes, ["700", "700", "600", "600", "600"]);
});

test("files without a row are removed at opening, others stay", async (t) => {
  const directory = await folder(t);
  await within(await open(directory, { smallBody: 10 }), (store) => queue(store, "kept"));
  await writeFile(`${directory}/bodies/orphan`, "x");
  await writeFile(`${directory}/bodies/0123.part`, "x");
  await within(await open(directory), async (store) => assert.equal((await read(store, "kept")).length, SMALL.length));
  assert.deepEqual(await readdir(`${directory}/bodies`), ["kept"]);
});

test("the file goes with its message", async (t) => {
  const directory = await folder(t);
  await using store = await open(directory, { smallBody: 10 });
  await queue(store, "abc");
  const [claim] = await store.claim({ now: NOW, lease: 1000, limit: 1 });
  assert.ok(claim);
  assert.equal(await store.settle(claim, { at: NOW, recipients: new Map([[0, delivered(NOW)]]) }), true);
  assert.deepEqual(await readdir(`${directory}/bodies`), []);
});

test("a shard of a newer program is refused and left alone", async (t) => {
  const directory = await folder(t);
  await within(await open(directory), (store) => queue(store, "abc"));
  damage(directory, "INSERT INTO schema_version VALUES (99)");
  await assert.rejects(open(directory), { kind: "corrupt", message: /schema 99, this program knows up to 3/ });
  damage(directory, "DELETE FROM schema_version WHERE version = 99");
  await using store = await open(directory);
  assert.equal((await store.count()).messages, 1);
});

test("what is no database is refused as corrupt", async (t) => {
  const directory = await folder(t);
  await mkdir(directory, { recursive: true });
  await writeFile(`${directory}/queue.db`, "This is no database. ".repeat(100));
  await assert.rejects(open(directory), { name: "StoreError", kind: "corrupt", message: new RegExp(directory) });
});

test("a folder that cannot be made is an io error that names it", async (t) => {
  const directory = await folder(t);
  await writeFile(`${directory}/file`, "");
  await assert.rejects(open(`${directory}/file/shard`), { name: "StoreError", kind: "io", message: /file\/shard/ });
});

const DAMAGES: readonly (readonly [string, string, RegExp])[] = [
  [
    "an envelope",
    "UPDATE message SET envelope = '{\"version\":1}' WHERE id = 'bad'",
    /message bad is damaged: envelope\./,
  ],
  ["an envelope's end", "UPDATE message SET envelope = substr(envelope, 1, 50) WHERE id = 'bad'", /message bad .*JSON/],
  [
    "recipients",
    "UPDATE unit SET recipients = '[[0]]' WHERE destination = 'bad.example'",
    /unit \d+ is damaged: recipients/,
  ],
  ["a state", "UPDATE unit SET recipients = '{' WHERE destination = 'bad.example'", /unit \d+ is damaged/],
];

for (const [what, sql, says] of DAMAGES) {
  test(`damage to ${what} is reported with the row's name and holds nobody else up`, async (t) => {
    const directory = await folder(t);
    await within(await open(directory), async (store) => {
      await queue(store, "bad", "bad.example");
      await queue(store, "good");
    });
    damage(directory, sql);
    await using store = await open(directory);
    const faults: string[] = [];
    using _heard = subscribe("hopseal:fault", ({ text }) => void faults.push(text));
    await assert.rejects(store.show("bad" as QueueId), { name: "StoreError", kind: "corrupt", message: says });
    await assert.rejects(store.list(), { kind: "corrupt", message: says });
    assert.deepEqual(
      (await store.claim({ now: NOW, lease: 1000, limit: 10 })).map(({ message }) => message),
      ["good"],
    );
    assert.equal(faults.length, 1);
    assert.match(faults[0] ?? "", says);
    assert.match(faults[0] ?? "", /on hold/);
    assert.equal(await store.nextDue(), NOW + 1000);
  });
}

test("a content file that is missing or short is an error when it is read, not before", async (t) => {
  const directory = await folder(t);
  await within(await open(directory, { smallBody: 10 }), (store) => queue(store, "abc"));
  await writeFile(`${directory}/bodies/abc`, "short");
  await within(await open(directory), (store) =>
    assert.rejects(read(store, "abc"), { kind: "corrupt", message: /abc has 5 octets/ }),
  );
  await rm(`${directory}/bodies/abc`);
  await within(await open(directory), (store) =>
    assert.rejects(read(store, "abc"), { kind: "corrupt", message: /bodies\/abc/ }),
  );
});

test("a shard that schema 1 left is read whole and delivered", async (t) => {
  const directory = await folder(t);
  await cp(`${CORPUS}/shard`, directory, { recursive: true });
  const expected: unknown = JSON.parse(await readFile(`${CORPUS}/expected.json`, "utf8"));
  const now = Date.UTC(2026, 10, 22, 6);
  await using store = await openSqliteStore({ directory, clock: { now: () => now }, random: systemRandom });
  const seen: unknown[] = [];
  for (const message of await store.list()) {
    const body = Buffer.from(await read(store, message.id)).toString("base64");
    seen.push(
      JSON.parse(
        JSON.stringify({ ...message, body }, (_, value: unknown) => (value instanceof Map ? [...value] : value)),
      ),
    );
  }
  assert.deepEqual(seen, expected);
  // The migration gave the units their senders.
  const bySender = async (sender: string): Promise<unknown> =>
    (await store.list({ filter: { sender } })).map(({ id }) => id);
  assert.deepEqual(await bySender("ann@PINE.example"), ["second2full"]);
  assert.deepEqual(await bySender(""), ["first1waiting", "fourth4leased", "third3held"]);
  assert.deepEqual(await store.tallies(), []);
  const claims = await store.claim({ now, lease: 1000, limit: 10 });
  assert.deepEqual(
    claims.map(({ message, attempt, crashes }) => [message, attempt, crashes]),
    [
      ["second2full", 2, 0],
      ["second2full", 2, 0],
      ["first1waiting", 2, 0],
      ["fourth4leased", 2, 1],
    ],
  );
  for (const claim of claims) {
    const recipients = new Map(claim.recipients.keys().map((index) => [index, delivered(now)]));
    assert.equal(await store.settle(claim, { at: now, recipients }), true);
  }
  assert.deepEqual(
    (await store.list()).map(({ id, units }) => [id, units[0]?.state]),
    [["third3held", "held"]],
  );
  assert.deepEqual(await readdir(`${directory}/bodies`), []);
});

const NOW = new ManualClock().now();

function open(directory: string, options: Partial<SqliteStoreOptions> = {}): Promise<Store> {
  return openSqliteStore({ directory, clock: new ManualClock(), random: seededRandom(1), ...options });
}

async function folder(t: TestContext): Promise<string> {
  const directory = await mkdtemp(`${tmpdir()}/hopseal-shard-`);
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

async function within(store: Store, work: (store: Store) => Promise<unknown>): Promise<void> {
  await using opened = store;
  await work(opened);
}

async function queue(store: Store, id: string, name = "rook.example"): Promise<void> {
  const units = [{ destination: name as never, recipients: [0] }];
  const message = { id: id as QueueId, envelope: envelopeFor([name]), acceptedAt: NOW, units };
  await store.commit(message, await stage(store, [SMALL]));
}

async function read(store: Store, id: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.openBody(id as QueueId)) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

/** Changes the closed shard behind the store's back. */
function damage(directory: string, sql: string): void {
  using db = openDatabase(`${directory}/queue.db`);
  db.run(sql);
}
