import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { DatabaseSync } from "node:sqlite";
import { ManualClock } from "../../test/support/clock.ts";
import { seededRandom } from "../base/mod.ts";
import { domain, NO_DEMAND } from "../mail/mod.ts";
import type { QueueId, Store } from "../queue/mod.ts";
import { memoryStore, openSqliteStore } from "../queue/store/mod.ts";
import { type Entry, type ListQuery, type Listed, walkQueue } from "./control_list.ts";

test("walkQueue: every message once, in pages, bounded by the limit, with the place to go on", async () => {
  const clock = new ManualClock();
  await using store = memoryStore({ clock });
  const all = await queueMany(store, 250, clock.now());
  const cases: [Partial<ListQuery>, number, number, string | undefined][] = [
    [{ limit: Infinity }, 0, 250, undefined],
    [{ limit: 250 }, 0, 250, all[249]],
    [{ limit: 120 }, 0, 120, all[119]],
    [{ limit: 120, after: all[199] as QueueId }, 200, 50, undefined],
    [{ limit: 10, filter: { state: "held" } }, 0, 0, undefined],
  ];
  for (const [query, from, count, next] of cases) {
    const pages: number[] = [];
    const [ids, listed] = await walked(store, { filter: {}, limit: 1, ...query }, pages);
    assert.deepEqual(ids, all.slice(from, from + count));
    assert.deepEqual(listed, { messages: count, ...(next === undefined ? {} : { next }) });
    assert.ok(pages.every((size) => size <= 100));
  }
});

test("walkQueue: damaged rows are named, and hold no other up; they can be dropped", async (t) => {
  const clock = new ManualClock();
  const directory = await mkdtemp(`${tmpdir()}/hopseal-list-`);
  t.after(() => rm(directory, { recursive: true }));
  const open = (): Promise<Store> => openSqliteStore({ directory, clock, random: seededRandom(1) });
  let store = await open();
  const all = await queueMany(store, 230, clock.now());
  await store[Symbol.asyncDispose]();
  const [bad, worse] = [all[7], all[129]];
  const db = new DatabaseSync(`${directory}/queue.db`);
  db.exec(`UPDATE message SET envelope = '{' WHERE id = '${bad}'`);
  db.exec(`UPDATE unit SET recipients = '{' WHERE key / 65536 = (SELECT key FROM message WHERE id = '${worse}')`);
  db.close();
  store = await open();
  try {
    const entries: Entry[] = [];
    const [ids] = await walked(store, { filter: {}, limit: Infinity }, [], entries);
    assert.deepEqual(ids, all);
    const damaged = entries.flatMap((entry) =>
      "damaged" in entry ? [[entry.id, entry.damaged.replace(/:.*?(?=, of|$)/, "")]] : [],
    );
    assert.deepEqual(damaged, [
      [bad, `The row of message ${bad} is damaged`],
      [worse, `The row of unit ${130 * 65_536} is damaged, of message ${worse}`],
    ]);
    for (const id of [bad, worse]) {
      assert.equal(await store.operate({ message: id as QueueId }, "drop", clock.now()), 1);
    }
    assert.equal((await store.list({ limit: 1000 })).length, 228);
  } finally {
    await store[Symbol.asyncDispose]();
  }
});

test("walkQueue: any other fault of the store ends it", async () => {
  const clock = new ManualClock();
  const store = memoryStore({ clock });
  await store[Symbol.asyncDispose]();
  await assert.rejects(walked(store, { filter: {}, limit: 5 }, []), { kind: "closed" });
});

async function walked(
  store: Store,
  query: ListQuery,
  pages: number[],
  entries: Entry[] = [],
): Promise<[string[], Listed]> {
  const walk = walkQueue(store.list, query);
  for (;;) {
    const step = await walk.next();
    if (step.done === true) return [entries.map(({ id }) => id), step.value];
    pages.push(step.value.length);
    entries.push(...step.value);
  }
}

/** Their ids, in order. */
async function queueMany(store: Store, count: number, now: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, at) => `m${String(at).padStart(4, "0")}`);
  for (const id of ids) {
    const body = store.stage();
    await body.write(new Uint8Array(10));
    const envelope = {
      reversePath: { kind: "null" },
      recipients: [{ mailbox: { localPart: "bo", domain: domain("rook.example") } }],
      body: "7bit",
      smtpUtf8: false,
      dsn: {},
      demand: NO_DEMAND,
      origin: { kind: "local" },
      content: { size: 10, eightBit: false, bareCrLf: false, nul: false, endsInCrlf: false, longestLine: 10 },
    } as const;
    const units = [{ destination: "rook.example" as never, recipients: [0] }];
    await store.commit({ id: id as QueueId, envelope, acceptedAt: now, units }, await body.finish());
  }
  return ids;
}
