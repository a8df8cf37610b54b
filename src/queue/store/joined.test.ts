import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/clock.ts";
import { subscribe } from "../../observe/mod.ts";
import { type Claim, type Destination, type QueueId, type Store, StoreError } from "../port.ts";
import { envelopeFor, SMALL, stage } from "./contract/lab.test.ts";
import { storeContract } from "./contract.test.ts";
import { joinedStore } from "./joined.ts";
import { joinedView } from "./joined_view.ts";
import { memoryStore } from "./memory.ts";

for (const where of ["own", "other"] as const) {
  storeContract({
    name: `joined, all mail in its ${where}`,
    lasting: false,
    open(clock) {
      const [own, other] = [memoryStore({ clock }), memoryStore({ clock })];
      const joined = joinedStore(own);
      joined.add(3, other);
      const { stage, commit, commitAll } = where === "own" ? own : other;
      const store: Store = { ...joined, stage, commit, commitAll };
      return Promise.resolve({ store, dispose: async () => await joined[Symbol.asyncDispose]() });
    },
  });
}

const clock = new ManualClock();

function stores(count: number): Store[] {
  return Array.from({ length: count }, () => memoryStore({ clock }));
}

async function put(store: Store, id: string, destination = "rook.example"): Promise<void> {
  const units = [{ destination: destination as Destination, recipients: [0] }];
  const message = { id: id as QueueId, envelope: envelopeFor([destination]), acceptedAt: clock.now(), units };
  await store.commit(message, await stage(store, [SMALL]));
}

async function claimAll(store: Store, limit = 100): Promise<readonly Claim[]> {
  return await store.claim({ now: clock.now(), lease: 1000, limit });
}

test("joinedStore: mail is taken into its own alone, and delivered and shown from all, in the order of age", async () => {
  const [own, second, third] = stores(3) as [Store, Store, Store];
  await using joined = joinedStore(own);
  joined.add(1, second);
  joined.add(7, third);
  await put(joined, "b");
  await put(second, "c");
  await put(third, "a");
  assert.deepEqual(joined.others, [1, 7]);
  assert.deepEqual(await own.count(), { messages: 1, units: 1 });
  assert.deepEqual(await joined.count(), { messages: 3, units: 3 });
  const ids = async (query?: Parameters<Store["list"]>[0]): Promise<string[]> =>
    (await joined.list(query)).map(({ id }) => id);
  assert.deepEqual(await ids(), ["a", "b", "c"]);
  assert.deepEqual(await ids({ limit: 2, after: "a" as QueueId }), ["b", "c"]);
  assert.deepEqual(await ids({ limit: 1 }), ["a"]);
  const claims = await claimAll(joined);
  assert.equal(new Set(claims.map(({ unit }) => unit)).size, 3);
  for (const claim of claims) {
    for await (const chunk of joined.openBody(claim.message)) assert.deepEqual(chunk, SMALL);
    assert.equal(await joined.renew(claim, clock.now() + 5000), true);
    const at = clock.now();
    const tally = [{ day: "2026-03-03", key: "x" }];
    assert.equal(await joined.settle(claim, { at, recipients: new Map(), hold: true, retryAt: at, tally }), true);
  }
  assert.deepEqual(await joined.tallies(), [{ day: "2026-03-03", key: "x", count: 3 }]);
  assert.equal(await joined.operate({ message: "c" as QueueId }, "release", clock.now()), 1);
  assert.deepEqual(
    (await claimAll(joined)).map(({ message }) => message),
    ["c"],
  );
});

test("joinedStore.remove: no new claims from it, and it is closed when the last is settled", async () => {
  const [own, second] = stores(2) as [Store, Store];
  await using joined = joinedStore(own);
  joined.add(1, second);
  await put(second, "a");
  await put(second, "b", "pine.example");
  const [claim] = await claimAll(joined, 1);
  assert.ok(claim);
  let gone = false;
  const removing = joined.remove(1).then(() => (gone = true));
  assert.deepEqual(await claimAll(joined), []);
  assert.equal(await joined.nextDue(), undefined);
  assert.equal(gone, false);
  await second.count();
  const at = clock.now();
  assert.equal(await joined.settle(claim, { at, recipients: new Map(), retryAt: at, untouched: true }), true);
  await removing;
  await assert.rejects(second.count(), { name: "StoreError", kind: "closed" });
  await assert.rejects(joined.settle(claim, { at, recipients: new Map() }), { name: "StoreError", kind: "closed" });
  assert.deepEqual(joined.others, []);
});

test("joinedStore.claim: a store that fails holds no other up, and its fault is told", async () => {
  const [own, second] = stores(2) as [Store, Store];
  const broken: Store = { ...second, claim: () => Promise.reject(new StoreError("io", "the disk is gone")) };
  await using joined = joinedStore(own);
  joined.add(1, broken);
  await assert.rejects(claimAll(joined), /the disk is gone/);
  await put(own, "a");
  const faults: string[] = [];
  using _heard = subscribe("hopseal:fault", ({ text }) => void faults.push(text));
  assert.equal((await claimAll(joined)).length, 1);
  assert.deepEqual(faults, ["the disk is gone"]);
});

test("joinedStore.watch: work in any of them rings", async () => {
  const [own, second] = stores(2) as [Store, Store];
  await using joined = joinedStore(own);
  const rung = Promise.withResolvers<void>();
  joined.add(1, second);
  using _watch = joined.watch(() => rung.resolve());
  await put(second, "a");
  await rung.promise;
});

test("joinedView.list: a damaged row is told of in its turn where one is asked for, else at once", async () => {
  const [own, second] = stores(2) as [Store, Store];
  for (const id of ["b", "d"]) await put(own, id);
  const damaged = new StoreError("corrupt", "torn", { id: "c" as QueueId });
  const list: Store["list"] = async ({ after = "" } = {}) => {
    if (after < "c") throw damaged;
    return [];
  };
  const view = joinedView(() => [own, { ...second, list }]);
  await assert.rejects(view.list({ limit: 2 }), damaged);
  assert.deepEqual(
    (await view.list({ limit: 1 })).map(({ id }) => id),
    ["b"],
  );
  await assert.rejects(view.list({ limit: 1, after: "b" as QueueId }), damaged);
  assert.deepEqual(
    (await view.list({ limit: 1, after: "c" as QueueId })).map(({ id }) => id),
    ["d"],
  );
  const other: Store["list"] = () => Promise.reject(new StoreError("io", "gone"));
  await assert.rejects(joinedView(() => [own, { ...second, list: other }]).list({ limit: 1 }), /gone/);
});
