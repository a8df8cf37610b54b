import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ManualClock } from "../../../test/support/clock.ts";
import { type StaticAnswer, staticResolver } from "../../../test/support/resolver.ts";
import { err, ok, type Result, seededRandom } from "../../base/mod.ts";
import type { Answer, DnsName, RecordType, RecordTypes } from "../../dns/mod.ts";
import { domain } from "../../mail/mod.ts";
import { type Events, subscribe } from "../../observe/mod.ts";
import type { StsFacts, StsTrouble } from "../types.ts";
import { type StsCache, startStsCache } from "./sts-cache.ts";
import type { StsFetch } from "./sts-drive.ts";
import { openStsStore } from "./sts-store.ts";

const PINE = domain("pine.example");
const MINUTE = 60_000;
const DAY = 86_400_000;
const DOWN: StsTrouble = { at: "fetch", detail: "down" };

function policy(mode: string, maxAge = 7 * 86_400, mx = "mx.pine.example"): Result<string, StsTrouble> {
  return ok(`version: STSv1\nmode: ${mode}\nmx: ${mx}\nmax_age: ${maxAge}\n`);
}

/** A domain whose TXT record and policy host can be changed while the cache runs. */
interface World {
  txt: readonly string[] | StaticAnswer;
  host: Result<string, StsTrouble> | Promise<Result<string, StsTrouble>>;
  /** DNS answers after this. */
  dns?: Promise<void>;
  fetches: number;
  readonly clock: ManualClock;
  readonly cache: StsCache;
  restart(): Promise<void>;
  find(options?: Parameters<StsCache["find"]>[1]): Promise<string>;
  /** What was published of policies since it was last asked. */
  news(): readonly string[];
}

async function world(
  context: TestContext,
  directory?: string,
  onFault: (text: string) => void = (text) => assert.fail(text),
): Promise<World> {
  const folder = directory ?? (await mkdtemp(join(tmpdir(), "hopseal-sts-")));
  const clock = new ManualClock();
  const heard: Events["hopseal:policy"][] = [];
  const listening = subscribe("hopseal:policy", (event) => heard.push(event));
  const start = async (): Promise<StsCache> => {
    const store = await openStsStore({ directory: folder, clock, onFault });
    const resolver = {
      async query<T extends RecordType>(name: DnsName, type: T): Promise<Answer<RecordTypes[T]>> {
        await it.dns;
        return await staticResolver({ [`_mta-sts.${PINE}`]: { TXT: it.txt } }).query(name, type);
      },
    };
    const fetch: StsFetch = async (_domain, signal) => {
      it.fetches++;
      const stopped = Promise.withResolvers<Result<string, StsTrouble>>();
      signal.addEventListener("abort", () => stopped.resolve(err(DOWN)), { once: true });
      return await Promise.race([it.host, stopped.promise]);
    };
    return startStsCache({ resolver, fetch, store, clock, random: seededRandom(1) });
  };
  let cache: StsCache | undefined;
  const it: World = {
    txt: ["v=STSv1; id=1;"],
    host: policy("enforce"),
    fetches: 0,
    clock,
    get cache() {
      assert.ok(cache);
      return cache;
    },
    async restart() {
      await cache?.[Symbol.asyncDispose]();
      cache = await start();
    },
    find: async (options) => say(await it.cache.find(PINE, options)),
    news: () => heard.splice(0).map(({ what, source, text }) => `${source} ${what}: ${text}`),
  };
  await it.restart();
  context.after(async () => {
    await it.cache[Symbol.asyncDispose]();
    listening[Symbol.dispose]();
    await rm(folder, { recursive: true, force: true });
  });
  return it;
}

function say(facts: StsFacts): string {
  if (facts.kind === "policy")
    return `${facts.mode} ${facts.id}${facts.trouble === undefined ? "" : " !" + facts.trouble.at}`;
  return facts.kind === "none" ? "none" : `failed at ${facts.trouble.at}`;
}

const NOTHING: StaticAnswer = { kind: "nodata" };
const SERVFAIL: StaticAnswer = { kind: "failure" };
const BOGUS: StaticAnswer = { kind: "failure", cause: "bogus" };
type Txt = World["txt"];
const TABLE: readonly (readonly [
  is: string,
  before: string | undefined,
  txt: Txt,
  host: Result<string, StsTrouble>,
  facts: string,
])[] = [
  ["nothing published, nothing stored", undefined, NOTHING, err(DOWN), "none"],
  ["nothing published any more, stored", "enforce", NOTHING, err(DOWN), "enforce 1"],
  ["two records now, stored", "enforce", ["v=STSv1; id=1;", "v=STSv1; id=2;"], policy("none"), "enforce 1"],
  ["a bad record now, stored", "enforce", ["v=STSv1; id=;"], policy("none"), "enforce 1"],
  ["DNS fails, stored", "enforce", SERVFAIL, policy("none"), "enforce 1"],
  ["DNS fails, nothing stored", undefined, SERVFAIL, policy("enforce"), "failed at dns"],
  ["a bogus record, stored", "enforce", BOGUS, policy("none"), "enforce 1"],
  ["a bogus record, nothing stored", undefined, BOGUS, policy("enforce"), "failed at dns-bogus"],
  ["the same id: no fetch", "enforce", ["v=STSv1; id=1;"], err(DOWN), "enforce 1"],
  ["another id, a new policy", "enforce", ["v=STSv1; id=2;"], policy("testing"), "testing 2"],
  ["another id, the host is down", "enforce", ["v=STSv1; id=2;"], err(DOWN), "enforce 1 !fetch"],
  [
    "another id, a bad certificate",
    "enforce",
    ["v=STSv1; id=2;"],
    err({ at: "webpki", detail: "" }),
    "enforce 1 !webpki",
  ],
  ["another id, a bad policy", "enforce", ["v=STSv1; id=2;"], ok("version: STSv1"), "enforce 1 !invalid"],
  ["another id, the host is down, mode none stored", "none", ["v=STSv1; id=2;"], err(DOWN), "none 1"],
  ["a record, the host is down, nothing stored", undefined, ["v=STSv1; id=2;"], err(DOWN), "failed at fetch"],
];

for (const [is, before, txt, host, facts] of TABLE) {
  test(`StsCache: ${is}, RFC 8461 §3.3, §5.1; before and after a restart`, async (context) => {
    const it = await world(context);
    if (before !== undefined) {
      it.host = policy(before);
      assert.equal(await it.find(), `${before} 1`);
      it.clock.advance(10 * MINUTE);
    }
    Object.assign(it, { txt, host });
    assert.equal(await it.find(), facts);
    assert.equal(await it.find(), facts);
    await it.restart();
    assert.equal(await it.find(), facts);
  });
}

test("StsCache: the policy that was stored is applied after a restart with nothing to be had", async (context) => {
  const it = await world(context);
  assert.equal(await it.find(), "enforce 1");
  const stored = it.cache.stored(PINE);
  Object.assign(it, { txt: SERVFAIL, host: err(DOWN) });
  await it.restart();
  it.clock.advance(7 * DAY - MINUTE);
  assert.equal(await it.find(), "enforce 1");
  assert.deepEqual({ ...it.cache.stored(PINE), expires: 0 }, { ...stored, expires: 0 });
  it.clock.advance(MINUTE);
  assert.equal(it.cache.stored(PINE), undefined);
  assert.equal(await it.find(), "failed at dns");
});

test("StsCache.find: all who ask at once share one fetch; a failed one is not repeated for 5 minutes of the same id", async (context) => {
  const it = await world(context);
  const gate = Promise.withResolvers<Result<string, StsTrouble>>();
  it.host = gate.promise;
  const asked = Promise.all(Array.from({ length: 50 }, () => it.find()));
  gate.resolve(err(DOWN));
  assert.deepEqual(new Set(await asked), new Set(["failed at fetch"]));
  assert.equal(it.fetches, 1);
  it.host = policy("enforce");
  it.clock.advance(5 * MINUTE - 1);
  assert.equal(await it.find(), "failed at fetch");
  assert.equal(it.fetches, 1);
  it.txt = ["v=STSv1; id=2;"];
  assert.equal(await it.find(), "enforce 2");
  it.txt = ["v=STSv1; id=1;"];
  it.clock.advance(1);
  assert.equal(await it.find(), "enforce 1");
  assert.equal(it.fetches, 3);
});

test("StsCache.find: a delivery waits 10 s for a first fetch, which goes on; its abort is its own", async (context) => {
  const it = await world(context);
  const gate = Promise.withResolvers<Result<string, StsTrouble>>();
  it.host = gate.promise;
  const stop = new AbortController();
  const called = it.find({ signal: stop.signal });
  const waiting = it.find();
  stop.abort(new Error("called off"));
  await assert.rejects(called, /called off/);
  it.clock.advance(10_000);
  assert.equal(await waiting, "failed at fetch");
  gate.resolve(policy("enforce"));
  assert.equal(await it.find(), "enforce 1");
  assert.equal(it.fetches, 1);
  // With a policy in store nobody is kept without it.
  it.txt = ["v=STSv1; id=2;"];
  it.host = new Promise(() => undefined);
  const again = it.find();
  await Promise.resolve();
  it.clock.advance(10_000);
  assert.equal(await again, "enforce 1");
  it.host = policy("enforce");
});

test("StsCache.refresh: daily whatever the TXT record says, each success renews, RFC 8461 §10.2", async (context) => {
  const it = await world(context);
  await it.find();
  it.txt = NOTHING;
  await it.cache.refresh();
  assert.equal(it.fetches, 1);
  for (let day = 1; day <= 30; day++) {
    it.clock.advance(DAY);
    await it.cache.refresh();
  }
  assert.ok(it.fetches >= 30 && it.fetches <= 35, `${it.fetches} fetches`);
  assert.equal(await it.find(), "enforce 1");
  assert.deepEqual(it.news(), []);
});

test("StsCache.refresh: runs by itself, and ends with the cache", async (context) => {
  const it = await world(context);
  await it.find();
  for (let minute = 0; minute < 24 * 60 + 2; minute++) {
    it.clock.advance(MINUTE);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(it.fetches, 2);
  await it.cache[Symbol.asyncDispose]();
  assert.equal(it.clock.pending, 0);
});

test("StsCache.refresh: failures are told, more rarely as they go on, and the policy ends on time", async (context) => {
  const it = await world(context);
  await it.find();
  it.host = err(DOWN);
  const told: string[] = [];
  for (let hour = 0; hour < 24 * 7; hour++) {
    it.clock.advance(60 * MINUTE);
    await it.cache.refresh();
    told.push(...it.news());
  }
  assert.ok(told.length >= 5 && told.length <= 9, `${told.length}`);
  assert.equal(
    told[0],
    "mta-sts refresh-failed: the stored policy could not be renewed 2 times and ends at 2026-03-10T08:14:07.000Z: down",
  );
  assert.equal(await it.find(), "failed at fetch");
  it.host = policy("enforce");
  it.clock.advance(60 * MINUTE);
  assert.equal(await it.find(), "enforce 1");
});

test("StsCache: a policy that asks for less than before is told as weakened, RFC 8461 §10.3", async (context) => {
  const it = await world(context);
  const next = async (id: string, host: Result<string, StsTrouble>): Promise<readonly string[]> => {
    Object.assign(it, { txt: [`v=STSv1; id=${id};`], host });
    await it.find();
    return it.news();
  };
  assert.deepEqual(await next("1", policy("enforce")), []);
  assert.deepEqual(await next("2", policy("testing")), ["mta-sts weakened: mode enforce becomes testing"]);
  assert.deepEqual(await next("3", policy("enforce")), ["mta-sts changed: mode testing becomes enforce"]);
  assert.deepEqual(await next("4", policy("enforce", 86_400, "*.evil.example")), [
    "mta-sts weakened: *.evil.example may take its mail too",
  ]);
  assert.deepEqual(await next("5", policy("none")), ["mta-sts weakened: mode enforce becomes none"]);
});

test("StsCache.find: before a message is returned a new policy is looked for although the stored one is fresh, RFC 8461 §5.1", async (context) => {
  const it = await world(context);
  await it.find();
  it.clock.advance(10 * MINUTE);
  it.host = policy("testing");
  assert.equal(await it.find(), "enforce 1");
  assert.equal(await it.find({ refetch: true }), "testing 1");
});

test("StsCache: a fetch that fails late does not bring an older policy back", async (context) => {
  const it = await world(context);
  await it.find();
  it.clock.advance(DAY);
  const slow = Promise.withResolvers<Result<string, StsTrouble>>();
  it.host = slow.promise;
  const refreshing = it.cache.refresh();
  await new Promise((resolve) => setImmediate(resolve));
  Object.assign(it, { txt: ["v=STSv1; id=2;"], host: policy("testing") });
  assert.equal(await it.find(), "testing 2");
  slow.resolve(err(DOWN));
  await refreshing;
  it.host = err(DOWN);
  assert.equal(await it.find(), "testing 2");
  await it.restart();
  assert.equal(await it.find(), "testing 2");
});

test("StsCache: max_age 0 leaves nothing behind, and what has ended is removed from disk", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-sts-"));
  const it = await world(context, folder);
  it.host = policy("enforce", 0);
  assert.equal(await it.find(), "enforce 1");
  assert.deepEqual(await readdir(folder), []);
  it.host = policy("enforce", 3600);
  assert.equal(await it.find(), "enforce 1");
  assert.deepEqual(await readdir(folder), ["pine.example.json"]);
  it.clock.jump(3_600_000);
  await it.cache.refresh();
  assert.deepEqual(await readdir(folder), []);
});

test("StsCache: a fetch that a stop ends is no failure of its host", async (context) => {
  const it = await world(context);
  await it.find();
  it.clock.advance(DAY);
  it.host = err(DOWN);
  await it.cache.refresh();
  it.clock.advance(10 * MINUTE);
  it.host = new Promise(() => undefined);
  const refreshing = it.cache.refresh();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(it.fetches, 3);
  await it.restart();
  await refreshing;
  assert.deepEqual(it.news(), []);
});

/** Threat E24: NTP is rarely authenticated. */
test("StsCache: a wall clock set forward ends no stored policy, on disk neither, and every policy is renewed (RFC 8461 §10.2)", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-sts-"));
  const faults: string[] = [];
  const it = await world(context, folder, (text) => faults.push(text));
  await it.find();
  Object.assign(it, { txt: NOTHING, host: err(DOWN) });
  it.clock.jump(60 * DAY);
  assert.equal(await it.find(), "enforce 1");
  await it.cache.refresh();
  assert.equal(it.fetches, 2);
  assert.deepEqual(await readdir(folder), ["pine.example.json"]);
  // Failures are remembered as before, and the policy ends when it would have ended.
  await it.cache.refresh();
  assert.equal(it.fetches, 2);
  it.clock.advance(7 * DAY - MINUTE);
  assert.equal(await it.find(), "enforce 1");
  it.clock.advance(MINUTE);
  assert.equal(await it.find(), "none");
  assert.deepEqual(faults, [
    "The clock was set forward by 1440 h; stored MTA-STS policies end when they would have ended without that",
  ]);
});

test("StsCache: what a fetch brings under a wrong clock has its whole time, and ends although the clock was set back", async (context) => {
  const faults: string[] = [];
  const it = await world(context, undefined, (text) => faults.push(text));
  await it.find();
  it.clock.jump(400 * DAY);
  it.txt = ["v=STSv1; id=2;"];
  assert.equal(await it.find(), "enforce 2");
  it.clock.jump(-400 * DAY);
  it.txt = NOTHING;
  const before = it.fetches;
  await it.cache.refresh();
  assert.equal(it.fetches, before + 1, "what bears a time to come is looked for at once");
  assert.equal(await it.find(), "enforce 2");
  it.host = err(DOWN);
  it.clock.advance(7 * DAY - MINUTE);
  assert.equal(await it.find(), "enforce 2");
  it.clock.advance(MINUTE);
  assert.equal(await it.find(), "none");
  assert.equal(faults.length, 1);
});

test("StsCache: a failure from a time to come holds no fetch off", async (context) => {
  const it = await world(context);
  it.host = err(DOWN);
  it.clock.jump(DAY / 2);
  assert.equal(await it.find(), "failed at fetch");
  it.clock.jump(-DAY / 2);
  it.host = policy("enforce");
  assert.equal(await it.find(), "enforce 1");
});

test("StsCache.find: before a message is returned a policy from a time to come is looked for anew, RFC 8461 §5.1", async (context) => {
  const it = await world(context);
  it.clock.jump(DAY / 2);
  await it.find();
  it.clock.jump(-DAY / 2);
  it.host = policy("testing");
  assert.equal(await it.find({ refetch: true }), "testing 1");
});

test("StsCache.find: DNS that does not answer in time is no failure of a policy host, of which nothing is known (RFC 8460 §4.3.2.2)", async (context) => {
  const it = await world(context);
  const gate = Promise.withResolvers<void>();
  it.dns = gate.promise;
  const waiting = it.find();
  it.clock.advance(10_000);
  assert.equal(await waiting, "failed at dns");
  it.host = new Promise(() => undefined);
  gate.resolve();
  const again = it.find();
  await new Promise((resolve) => setImmediate(resolve));
  it.clock.advance(10_000);
  assert.equal(await again, "failed at fetch");
});
