import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { seededRandom } from "../../../base/mod.ts";
import { ManualClock } from "../../../../test/support/clock.ts";
import type { QueueId, Store } from "../../port.ts";
import { envelopeFor, stage } from "../contract/lab.test.ts";
import { openDatabase } from "./database.ts";
import { openSqliteStore } from "./open.ts";
import { verifyShard } from "./verify.ts";

test("a sound shard: everything is read and nothing found", async (t) => {
  const directory = await filled(t);
  assert.deepEqual(await verifyShard(directory, false), { messages: 5, units: 5, octets: 5 * 200, findings: [] });
});

test("a shard that is open is refused, one that is not there is none", async (t) => {
  const directory = await filled(t);
  await using _store = await open(directory);
  await assert.rejects(verifyShard(directory, false), { kind: "io", message: /open in another process/ });
  assert.equal(await verifyShard(`${directory}/none`, false), undefined);
});

test("damage is named; a repair holds what cannot be delivered, removes what belongs to nobody, and leaves the rest", async (t) => {
  const directory = await filled(t);
  damage(directory, "UPDATE message SET envelope = '{' WHERE id = 'aaa'");
  damage(
    directory,
    "UPDATE unit SET recipients = '[[0]]' WHERE key / 65536 = (SELECT key FROM message WHERE id = 'bbb')",
  );
  await rm(`${directory}/bodies/ccc`);
  await writeFile(`${directory}/bodies/ddd`, "short");
  await writeFile(`${directory}/bodies/zzz`, "nobody's");
  const looked = await verifyShard(directory, false);
  assert.deepEqual(
    looked?.findings.map(({ kind, name, repaired }) => [kind, name, repaired]),
    [
      ["message", "aaa", undefined],
      ["content", "ccc", undefined],
      ["content", "ddd", undefined],
      ["unit", String(2 * 65_536), undefined],
      ["orphan", "zzz", undefined],
    ],
  );
  assert.match(looked?.findings[1]?.detail ?? "", /is missing, its row says 200/);
  assert.match(looked?.findings[2]?.detail ?? "", /has 5 octets/);
  const repaired = await verifyShard(directory, true);
  assert.deepEqual(
    repaired?.findings.map((finding) => finding.repaired),
    ["held", "held", "held", "held", "removed"],
  );
  assert.deepEqual((await readdir(`${directory}/bodies`)).includes("zzz"), false);
  await using store = await open(directory);
  const claims = await store.claim({ now: NOW, lease: 1000, limit: 10 });
  assert.deepEqual(
    claims.map(({ message }) => message),
    ["eee"],
  );
  assert.equal((await store.show("ccc" as QueueId))?.units[0]?.heldBy, "damage");
});

test("a message that lost its units, or whose units lost their message, is found", async (t) => {
  const directory = await filled(t);
  damage(directory, "DELETE FROM unit WHERE key / 65536 = (SELECT key FROM message WHERE id = 'aaa')");
  damage(directory, "DELETE FROM message WHERE id = 'bbb'");
  const report = await verifyShard(directory, false);
  assert.deepEqual(
    report?.findings.map(({ kind, name }) => [kind, name]),
    [
      ["unit", String(2 * 65_536)],
      ["message", "aaa"],
      ["orphan", "bbb"],
    ],
  );
});

test("an index that is wrong is built anew by a repair, and rows without sums get theirs", async (t) => {
  const directory = await filled(t);
  damage(directory, "UPDATE message SET sum = NULL, body_sum = NULL; UPDATE unit SET sum = NULL");
  {
    using db = new DatabaseSync(`${directory}/queue.db`, { defensive: false });
    // The table changes while its index is not known.
    db.exec(
      "PRAGMA writable_schema = ON; CREATE TEMP TABLE kept AS SELECT * FROM sqlite_schema WHERE name = 'unit_due'",
    );
    db.exec("DELETE FROM sqlite_schema WHERE name = 'unit_due'; PRAGMA writable_schema = RESET");
    db.exec("UPDATE unit SET due = 5 WHERE key < 200000; PRAGMA writable_schema = ON");
    db.exec("INSERT INTO sqlite_schema SELECT * FROM kept; PRAGMA writable_schema = RESET");
  }
  assert.equal((await verifyShard(directory, false))?.findings[0]?.kind, "database");
  const repaired = await verifyShard(directory, true);
  assert.ok(repaired?.findings.every(({ kind, repaired: how }) => kind === "database" && how === "rebuilt"));
  assert.deepEqual((await verifyShard(directory, false))?.findings, []);
  damage(directory, "UPDATE message SET body = zeroblob(0), body_size = 0 WHERE id = 'ccc'");
  assert.deepEqual(
    (await verifyShard(directory, false))?.findings.map(({ name }) => name),
    ["ccc", "ccc"],
  );
});

test("octets turned over in the database are found", async (t) => {
  const directory = await filled(t);
  const octets = await readFile(`${directory}/queue.db`);
  // The second page is the root of a table.
  octets.fill(0xff, 16_384, 16_400);
  await writeFile(`${directory}/queue.db`, octets);
  const outcome = await verifyShard(directory, false).then(
    (report) => report?.findings[0]?.kind,
    (error: { kind: string }) => error.kind,
  );
  assert.ok(outcome === "database" || outcome === "corrupt", String(outcome));
});

const NOW = new ManualClock().now();

function open(directory: string): Promise<Store> {
  return openSqliteStore({ directory, clock: new ManualClock(), random: seededRandom(1), smallBody: 10 });
}

async function filled(t: TestContext): Promise<string> {
  const directory = await mkdtemp(`${tmpdir()}/hopseal-verify-`);
  t.after(() => rm(directory, { recursive: true }));
  await using store = await open(directory);
  for (const id of ["aaa", "bbb", "ccc", "ddd", "eee"]) {
    const units = [{ destination: "rook.example" as never, recipients: [0] }];
    const message = { id: id as QueueId, envelope: envelopeFor(["rook.example"]), acceptedAt: NOW, units };
    await store.commit(message, await stage(store, [new Uint8Array(200)]));
  }
  return directory;
}

/** Changes the closed shard behind the store's back. */
function damage(directory: string, sql: string): void {
  using db = openDatabase(`${directory}/queue.db`);
  db.run(sql);
}
