import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { domain } from "../../mail/mod.ts";
import { ManualClock } from "../../../test/support/clock.ts";
import { restorePolicy } from "../sources/sts.ts";
import { openStsStore, type StoredSts, type StsStore } from "./sts-store.ts";

async function folder(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "hopseal-sts-"));
  context.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

interface Opened {
  readonly store: StsStore;
  readonly faults: readonly string[];
}

async function openIn(directory: string, clock: ManualClock, most?: number): Promise<Opened> {
  const faults: string[] = [];
  const store = await openStsStore({
    directory,
    clock,
    onFault: (text) => faults.push(text),
    ...(most === undefined ? {} : { most }),
  });
  return { store, faults };
}

interface Wanted {
  readonly id?: string;
  readonly maxAge?: number;
  readonly note?: string;
}

function entry(name: string, clock: ManualClock, { id = "1", maxAge = 86_400, note = "" }: Wanted = {}): StoredSts {
  const text = `version: STSv1\nmode: enforce\nmx: mx.${name.slice(-20).replace(/^[.]/, "")}\nmax_age: ${maxAge}\n${note}`;
  const policy = restorePolicy({ id, text, fetchedAt: clock.now() });
  assert.ok(policy);
  return { domain: domain(name), policy };
}

test("openStsStore: what was saved is there after a restart, the newest of each domain", async (context) => {
  const directory = join(await folder(context), "mta-sts");
  const clock = new ManualClock();
  const { store } = await openIn(directory, clock);
  assert.deepEqual(store.list(), []);
  const long = `${"a".repeat(60)}.${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(60)}.example`;
  await store.save(entry("pine.example", clock));
  await store.save(entry(long, clock));
  await Promise.all([
    store.save(entry("rook.example", clock, { id: "1" })),
    store.save(entry("rook.example", clock, { id: "2" })),
    store.save(entry("rook.example", clock, { id: "3", note: "x: ÿ" })),
  ]);
  await store.save(entry("gone.example", clock));
  await store.remove(domain("gone.example"));
  const again = await openIn(directory, clock);
  assert.deepEqual(again.faults, []);
  assert.deepEqual(new Set(again.store.list()), new Set(store.list()));
  assert.deepEqual(again.store.get(domain("rook.example")), entry("rook.example", clock, { id: "3", note: "x: ÿ" }));
  assert.deepEqual(again.store.get(domain(long)), entry(long, clock));
  assert.equal(again.store.get(domain("gone.example")), undefined);
});

test("openStsStore: what cannot be read is put aside and reported, never taken for a policy", async (context) => {
  const directory = await folder(context);
  const clock = new ManualClock();
  const { store } = await openIn(directory, clock);
  await store.save(entry("good.example", clock));
  const good = await readFile(join(directory, "good.example.json"), "utf8");
  const broken: Readonly<Record<string, string>> = {
    "empty.example.json": "",
    "cut.example.json": good.slice(0, -10),
    "other.example.json": good,
    "..json": good,
    "version.example.json": good.replaceAll("good.", "version.").replace('"version":1', '"version":2'),
    "time.example.json": good.replaceAll("good.", "time.").replace(/"fetchedAt":\d+/, '"fetchedAt":1.5'),
    "infinite.example.json": good.replaceAll("good.", "infinite.").replace(/"fetchedAt":\d+/, '"fetchedAt":1e400'),
    "text.example.json": good.replaceAll("good.", "text.").replace(/"text":"[^"]*"/, '"text":1'),
    "mode.example.json": good.replaceAll("good.", "mode.").replace("enforce", "enforced"),
    "null.example.json": "null",
  };
  for (const [name, text] of Object.entries(broken)) await writeFile(join(directory, name), text);
  const [old, fresh] = ["half.example.json.0000.new", "half.example.json.1111.new"].map((name) =>
    join(directory, name),
  );
  assert.ok(old !== undefined && fresh !== undefined);
  await writeFile(old, good);
  await utimes(old, clock.now() / 1000 - 7200, clock.now() / 1000 - 7200);
  // It may still be under way.
  await writeFile(fresh, good);
  await utimes(fresh, clock.now() / 1000 - 60, clock.now() / 1000 - 60);
  const again = await openIn(directory, clock);
  assert.deepEqual(again.store.list(), [entry("good.example", clock)]);
  assert.equal(again.faults.length, Object.keys(broken).length);
  assert.deepEqual(
    (await readdir(directory)).sort(),
    [...Object.keys(broken).map((name) => `${name}.broken`), "good.example.json", "half.example.json.1111.new"].sort(),
  );
  assert.deepEqual((await openIn(directory, clock)).faults, []);
});

test("StsStore.save: gives up the expired for the new, and never a live policy", async (context) => {
  const clock = new ManualClock();
  const { store, faults } = await openIn(await folder(context), clock, 2);
  await store.save(entry("short.example", clock, { maxAge: 1 }));
  await store.save(entry("long.example", clock));
  await store.save(entry("third.example", clock));
  assert.deepEqual(faults, ["The policy of third.example is not stored: there are 2 unexpired ones already"]);
  await store.save(entry("long.example", clock, { id: "newer" }));
  clock.advance(1000);
  await store.save(entry("third.example", clock));
  assert.deepEqual(
    store.list().map((one) => [one.domain, one.policy.id]),
    [
      ["long.example", "newer"],
      ["third.example", "1"],
    ],
  );
  assert.equal(faults.length, 1);
});

test("StsStore.save: what the disk does not take holds in memory, and the caller is told", async (context) => {
  const directory = await folder(context);
  const clock = new ManualClock();
  const { store } = await openIn(directory, clock);
  await rm(directory, { recursive: true });
  await assert.rejects(store.save(entry("pine.example", clock)), { code: "ENOENT" });
  assert.deepEqual(store.get(domain("pine.example")), entry("pine.example", clock));
  await writeFile(directory, "a file in its place");
  await assert.rejects(openIn(directory, clock), { code: "EEXIST" });
});

test("openStsStore: who only looks changes nothing on disk", async (context) => {
  const directory = await folder(context);
  const clock = new ManualClock();
  const { store } = await openIn(directory, clock);
  await store.save(entry("pine.example", clock));
  await writeFile(join(directory, "rook.example.json"), "broken");
  const before = (await readdir(directory)).sort();
  const faults: string[] = [];
  const onFault = (text: string): void => void faults.push(text);
  const looking = await openStsStore({ directory, clock, onFault, readOnly: true });
  assert.deepEqual(looking.list(), [entry("pine.example", clock)]);
  await looking.save(entry("new.example", clock));
  await looking.remove(domain("pine.example"));
  assert.deepEqual(looking.list(), [entry("new.example", clock)]);
  assert.deepEqual((await readdir(directory)).sort(), before);
  assert.deepEqual(faults.splice(0), ["The stored MTA-STS policy rook.example.json cannot be read (it is no JSON)"]);
  const nowhere = await openStsStore({ directory: join(directory, "none"), clock, onFault, readOnly: true });
  assert.deepEqual(nowhere.list(), []);
  assert.deepEqual(faults, []);
  const barred = await openStsStore({
    directory: join(directory, "rook.example.json"),
    clock,
    onFault,
    readOnly: true,
  });
  assert.deepEqual(barred.list(), []);
  assert.match(faults.join(), /^The stored MTA-STS policies cannot be read: ENOTDIR/);
});

test("openStsStore: what another process has stored, renewed or removed counts at once where the folder is shared", async (context) => {
  const directory = await folder(context);
  const clock = new ManualClock();
  const faults: string[] = [];
  const open = async (): Promise<StsStore> =>
    await openStsStore({ directory, clock, shared: true, onFault: (text) => void faults.push(text) });
  const [one, other] = [await open(), await open()];
  const pine = domain("pine.example");
  const ids = (): (string | undefined)[] => [one, other].map((store) => store.get(pine)?.policy.id);
  await one.save(entry("pine.example", clock, { id: "1" }));
  assert.deepEqual(ids(), ["1", "1"]);
  await other.save(entry("pine.example", clock, { id: "2", maxAge: 1000 }));
  assert.deepEqual(ids(), ["2", "2"]);
  await one.remove(pine);
  assert.deepEqual(ids(), [undefined, undefined]);
  // A file that is damaged says nothing about what is known.
  await other.save(entry("pine.example", clock, { id: "3" }));
  assert.deepEqual(ids(), ["3", "3"]);
  await writeFile(join(directory, "pine.example.json"), "{");
  for (let look = 0; look < 2; look++) assert.deepEqual(ids(), ["3", "3"]);
  // Each tells it once.
  const told = "The stored MTA-STS policy of pine.example cannot be read: it is no JSON";
  assert.deepEqual(faults, [told, told]);
});
