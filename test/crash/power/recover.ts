import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { concat, systemClock, systemRandom } from "../../../src/base/mod.ts";
import type { Destination, QueueId, Store } from "../../../src/queue/mod.ts";
import { openSqliteStore } from "../../../src/queue/store/mod.ts";
import { statusOf } from "../../../src/status/mod.ts";
import { bodyOf, DAY, SMALL_BODY } from "../body.ts";
import type { Image } from "./disk.ts";
import type { Promises } from "./promises.ts";
import { startHere } from "./start_here.ts";

export interface Recovery {
  /** The folder in which the disk's `root` is laid out. */
  readonly folder: string;
  readonly root: string;
  /** The store's own thread is used, as in production; otherwise the same code runs in this one, which is faster. */
  readonly thread: boolean;
  /** After the check, all mail is delivered and a new message queued. */
  readonly drain: boolean;
}

/** Lays the image out, opens the real store on it, and holds it to the promises; throws an AssertionError. */
export async function recover(
  image: Image,
  promises: Promises,
  { folder, root, thread, drain }: Recovery,
): Promise<void> {
  for (const [path, content] of image) {
    const place = `${folder}${path.slice(root.length)}`;
    if (content === "folder") mkdirSync(place, { recursive: true });
    else if (image.get(path.slice(0, path.lastIndexOf("/"))) === "folder") writeFileSync(place, content);
  }
  const directory = `${folder}/shard`;
  await using store = await openSqliteStore({
    directory,
    clock: systemClock,
    random: systemRandom,
    smallBody: SMALL_BODY,
    ...(thread ? {} : { start: startHere }),
  });
  await hold(store, promises);
  if (drain) await use(store);
}

async function hold(store: Store, promises: Promises): Promise<void> {
  const present = new Map((await store.list({ limit: 1_000_000 })).map((message) => [message.id as string, message]));
  const tallied = new Map((await store.tallies(DAY)).map(({ key, count }) => [key, count]));
  for (const id of present.keys()) assert.ok(promises.has(id), `${id} came from nowhere`);
  for (const [id, { size, state, attempt, held }] of promises) {
    const message = present.get(id);
    const count = tallied.get(id) ?? 0;
    if (message === undefined) {
      assert.notEqual(state, "kept", `${id} was acknowledged and is lost`);
      assert.equal(count, state === "asked" ? 0 : 1, `${id} is gone and its delivery was counted ${count} times`);
      continue;
    }
    assert.notEqual(state, "gone", `${id} was delivered for sure and is back`);
    assert.equal(count, 0, `${id} is there and its delivery was counted`);
    const [unit] = message.units;
    assert.ok((unit?.attempt ?? 0) >= attempt, `an attempt of ${id} was forgotten`);
    if (held) assert.equal(unit?.heldBy, "operator", `${id} was put on hold and is not`);
    assert.equal(message.envelope.recipients[0]?.mailbox.localPart, id);
    const chunks: Uint8Array[] = [];
    for await (const chunk of store.openBody(message.id)) chunks.push(chunk);
    assert.ok(Buffer.from(concat(chunks)).equals(bodyOf(id, size)), `the content of ${id} is torn`);
  }
}

/** A recovered store takes mail and gives it away as any other. */
async function use(store: Store): Promise<void> {
  const now = Date.now();
  const sample = (await store.list({ limit: 1 }))[0];
  if (sample !== undefined) {
    const sink = store.stage();
    await sink.write(new Uint8Array(SMALL_BODY + 1));
    const units = [{ destination: "rook.example" as Destination, recipients: [0] }];
    const message = { id: "zzz0new" as QueueId, envelope: sample.envelope, acceptedAt: now, units };
    await store.commit(message, await sink.finish());
  }
  await store.operate({}, "release", now);
  const status = statusOf("ok");
  for (;;) {
    const claims = await store.claim({ now: Date.now() + 1000, lease: 60_000, limit: 100 });
    if (claims.length === 0) break;
    const recipients = new Map([[0, { kind: "delivered" as const, status, at: now }]]);
    for (const claim of claims) assert.equal(await store.settle(claim, { at: now, recipients }), true);
  }
  assert.deepEqual(await store.count(), { messages: 0, units: 0 });
}
