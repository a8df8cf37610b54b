import assert from "node:assert/strict";
import { copyFileSync, renameSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { ManualClock } from "../../../test/support/clock.ts";
import { listSigner, type ListSigner, type ListText, listText } from "../../../test/support/list-signer.ts";
import { type Bytes, err, type Instant, ok, type Result, seededRandom } from "../../base/mod.ts";
import { domain } from "../../mail/mod.ts";
import { type Events, subscribe } from "../../observe/mod.ts";
import type { ListFacts } from "../types.ts";
import { type ListSource, loadList, readOctets, takeList } from "./list-held.ts";
import { openPolicyLists, type PolicyLists } from "./list-keeper.ts";
import { writeStoredList } from "./list-store.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 2, 3);
const URLS = { list: "https://lists.example/policy.json", signature: "https://lists.example/policy.json.asc" };
const PINE = { "pine.example": "enforce mx.pine.example" };

let signer: ListSigner;
let stranger: ListSigner;
before(async () => {
  [signer, stranger] = await Promise.all([listSigner(), listSigner()]);
});
after(async () => {
  await Promise.all([signer, stranger].map(async (one) => await one[Symbol.asyncDispose]()));
});

/** A place in which lists live, what the host of the list answers, and all that was told. */
interface World extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly directory: string;
  readonly served: Map<string, Bytes>;
  readonly asked: string[];
  /** Faults, and news of lists as "name what text". */
  readonly told: string[];
  /** Happens during each fetch. */
  meanwhile?: () => Promise<void>;
  publish(text: ListText, more?: { readonly by?: ListSigner; readonly signedAt?: Instant }): Promise<void>;
  open(more?: Partial<ListSource>, readOnly?: boolean): Promise<PolicyLists>;
}

async function world(): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), "hopseal-lists-"));
  const clock = new ManualClock(NOW);
  const served = new Map<string, Bytes>();
  const asked: string[] = [];
  const told: string[] = [];
  const listening = subscribe("hopseal:policy", ({ domain: name, what, source, text }: Events["hopseal:policy"]) => {
    assert.equal(source, "list");
    told.push(`${name} ${what}: ${text}`);
  });
  const it: World = {
    clock,
    directory: join(directory, "lists"),
    served,
    asked,
    told,
    async publish(text, { by = signer, signedAt = text.issued } = {}) {
      const octets = listText(text);
      served.set(URLS.list, octets);
      served.set(URLS.signature, await by.sign(octets, signedAt));
    },
    open: async (more = {}, readOnly = false) =>
      await openPolicyLists([source(more)], {
        directory: join(directory, "lists"),
        clock,
        random: seededRandom(1),
        readOnly,
        onFault: (text) => told.push(text),
        fetch: async (_source, url): Promise<Result<Bytes, string>> => {
          asked.push(url.pathname);
          await it.meanwhile?.();
          const found = served.get(url.href);
          return found === undefined ? err(`${url.href} is not there`) : ok(found);
        },
      }),
    async [Symbol.asyncDispose]() {
      listening[Symbol.dispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return it;
}

function source(more: Partial<ListSource> = {}): ListSource {
  const from = { kind: "url", list: new URL(URLS.list), signature: new URL(URLS.signature) } as const;
  const key = { file: signer.file, fingerprint: signer.fingerprint };
  return { name: "ours", mode: "enforce", refresh: 12 * HOUR, key, from, ...more };
}

function saysOf(lists: PolicyLists, name = "pine.example"): string {
  const facts: ListFacts = lists.find(domain(name));
  return facts.kind === "none" ? "none" : `${facts.mode} ${facts.mx.join(" ")}`;
}

test("a list is fetched at once, renewed every 12 hours and a bit, and not fetched again while its signature stays", async () => {
  await using it = await world();
  await it.publish({ issued: NOW - HOUR, policies: PINE });
  await using lists = await it.open();
  assert.equal(saysOf(lists), "none");
  it.clock.advance(0);
  await lists.renew();
  assert.equal(saysOf(lists), "enforce mx.pine.example");
  assert.deepEqual(it.asked, ["/policy.json.asc", "/policy.json", "/policy.json.asc"]);
  assert.deepEqual(it.told, [
    "ours changed: the list of 2026-03-02T23:00:00.000Z from https://lists.example/policy.json is in force: 1 domains",
  ]);
  it.asked.length = 0;
  it.clock.advance(12 * HOUR - 1);
  await settled(lists);
  assert.deepEqual(it.asked, []);
  it.clock.advance(HOUR + 1);
  await settled(lists);
  assert.deepEqual(it.asked, ["/policy.json.asc"]);
});

test("a new list replaces the old one on disk, with its signature, and says who is protected less", async () => {
  await using it = await world();
  await it.publish({ issued: NOW - 2 * HOUR, policies: { ...PINE, "oak.example": "enforce .oak.example" } });
  await using lists = await it.open();
  await lists.renew();
  await it.publish({
    issued: NOW - HOUR,
    policies: { "pine.example": "testing mx.pine.example", "elm.example": "testing .elm.example" },
  });
  await lists.renew();
  assert.deepEqual(
    ["pine.example", "oak.example", "elm.example"].map((name) => saysOf(lists, name)),
    ["testing mx.pine.example", "none", "testing *.elm.example"],
  );
  assert.match(
    it.told.at(-1) ?? "",
    /^ours weakened: .* 2 domains, 1 new, 1 gone, 1 changed; 2 protected less: pine\.example, oak\.example$/,
  );
  assert.deepEqual(await readdir(it.directory), ["ours.list"]);
  const stored = await loadList(it.directory, source());
  assert.ok(stored.ok);
  assert.deepEqual(
    [stored.value?.octets, stored.value?.signature].map((one) => Buffer.from(one ?? []).toString()),
    [URLS.list, URLS.signature].map((url) => Buffer.from(it.served.get(url) ?? []).toString()),
  );
});

test("what may replace a list in force, and what may not: each is told and the old one stays", async () => {
  const base = { issued: NOW - DAY, policies: PINE };
  const next = { "pine.example": "testing mx.pine.example" };
  const table: readonly (readonly [string, (it: World) => Promise<unknown>, RegExp | undefined])[] = [
    ["a newer one", async (it) => await it.publish({ issued: NOW, policies: next }), undefined],
    [
      "one of the same time, signed later",
      async (it) => await it.publish({ ...base, policies: next }, { signedAt: NOW - HOUR }),
      undefined,
    ],
    [
      "one of the same time, signed earlier",
      async (it) => await it.publish({ ...base, policies: next }, { signedAt: NOW - DAY - 1000 }),
      /it is older .*, signed .* than the list in force/,
    ],
    ["an older one", async (it) => await it.publish({ issued: NOW - DAY - 1000, policies: next }), /it is older/],
    [
      "one that has ended",
      async (it) => await it.publish({ issued: NOW - 100, ends: NOW, policies: next }),
      /it ended at 2026-03-03T00/,
    ],
    [
      "one of the future",
      async (it) => await it.publish({ issued: NOW + 2 * HOUR, policies: next }),
      /Signature creation time|future/,
    ],
    ["one of a little ahead", async (it) => await it.publish({ issued: NOW + HOUR / 2, policies: next }), undefined],
    [
      "one that ends before it begins",
      async (it) => await it.publish({ issued: NOW + 2000, ends: NOW + 1000, policies: next }),
      /it ends before it begins/,
    ],
    [
      "one that was signed long before its timestamp",
      async (it) => await it.publish({ issued: NOW, policies: next }, { signedAt: NOW - DAY }),
      /before its timestamp/,
    ],
    [
      "one of another key",
      async (it) => await it.publish({ issued: NOW, policies: next }, { by: stranger }),
      /signature is not good/,
    ],
    ["no signature", async (it) => it.served.delete(URLS.signature), /policy\.json\.asc is not there/],
    [
      "no list",
      async (it) => {
        await it.publish({ issued: NOW, policies: next });
        it.served.delete(URLS.list);
      },
      /policy\.json is not there/,
    ],
    [
      "a list without its new signature",
      async (it) => {
        const signature = it.served.get(URLS.signature);
        await it.publish({ issued: NOW, policies: next });
        it.served.set(URLS.signature, signature?.with(10, 65) ?? new Uint8Array(0));
      },
      /signature/,
    ],
    [
      "one altered by an octet",
      async (it) => {
        await it.publish({ issued: NOW, policies: next });
        const octets = it.served.get(URLS.list) ?? new Uint8Array(1);
        it.served.set(URLS.list, octets.with(40, (octets[40] ?? 0) ^ 1));
      },
      /signature is not good/,
    ],
    [
      "a signed file that is no list",
      async (it) => {
        const octets = Buffer.from("{}");
        it.served.set(URLS.list, octets);
        it.served.set(URLS.signature, await signer.sign(octets, NOW));
      },
      /it has no "timestamp"/,
    ],
  ];
  for (const [name, change, fault] of table) {
    await using it = await world();
    await it.publish(base);
    await using lists = await it.open();
    await lists.renew();
    it.told.length = 0;
    await change(it);
    await lists.renew();
    assert.equal(saysOf(lists), fault === undefined ? "testing mx.pine.example" : "enforce mx.pine.example", name);
    assert.equal(it.told.length, 1, `${name}: ${it.told.join("\n")}`);
    if (fault !== undefined) {
      assert.match(it.told[0] ?? "", fault, name);
      assert.match(
        it.told[0] ?? "",
        /^The policy list ours could not be renewed, and that of 2026-03-02T00:00:00.000Z stays in force: /,
      );
    }
    // A restart brings back the same.
    await lists[Symbol.asyncDispose]();
    await using again = await it.open();
    assert.equal(saysOf(again), fault === undefined ? "testing mx.pine.example" : "enforce mx.pine.example", name);
  }
});

test("a list that has ended is still enforced, over a restart too, and told at every attempt to renew it", async () => {
  await using it = await world();
  await it.publish({ issued: NOW, ends: NOW + DAY, policies: PINE });
  const lists = await it.open();
  await lists.renew();
  it.served.clear();
  it.told.length = 0;
  it.clock.advance(DAY - 1);
  await settled(lists);
  assert.ok(it.told.length > 0 && it.told.every((text) => text.includes("could not be renewed")));
  it.clock.advance(1);
  await settled(lists);
  it.told.length = 0;
  for (let round = 0; round < 3; round += 1) await lists.renew();
  assert.deepEqual(
    it.told.map((text) => text.replace(/:.*/, "")),
    Array.from({ length: 3 }, () => [
      "The policy list ours could not be renewed, and that of 2026-03-03T00",
      "The policy list ours ended at 2026-03-04T00",
    ]).flat(),
  );
  assert.equal(saysOf(lists), "enforce mx.pine.example");
  const facts = lists.find(domain("pine.example"));
  assert.ok(facts.kind === "policy" && facts.expires <= it.clock.now());
  await lists[Symbol.asyncDispose]();
  it.told.length = 0;
  await using again = await it.open();
  assert.equal(saysOf(again), "enforce mx.pine.example");
  assert.deepEqual(it.told, [
    "The policy list ours ended at 2026-03-04T00:00:00.000Z and is still enforced; find out why there is no new one",
  ]);
  // It can be replaced as ever.
  await it.publish({ issued: it.clock.now(), policies: { "pine.example": "enforce mx2.pine.example" } });
  await again.renew();
  assert.equal(saysOf(again), "enforce mx2.pine.example");
});

test("what fails is tried again within an hour and a bit", async () => {
  await using it = await world();
  await using lists = await it.open();
  it.clock.advance(0);
  await settled(lists);
  assert.deepEqual(it.told, [
    "The policy list ours could not be renewed, and there is none in force: https://lists.example/policy.json.asc is not there",
  ]);
  await it.publish({ issued: NOW, policies: PINE });
  it.clock.advance(2 * HOUR);
  await settled(lists);
  assert.equal(saysOf(lists), "enforce mx.pine.example");
});

test("an import is taken within half a minute, or at once when asked, and goes before an older list from elsewhere", async () => {
  await using it = await world();
  await it.publish({ issued: NOW - DAY, policies: PINE });
  await using lists = await it.open();
  // What the start begins is over, so that only the look can find it.
  it.clock.advance(0);
  await lists.renew();
  const put = async (issued: Instant, mx: string): Promise<void> => {
    const octets = listText({ issued, policies: { "pine.example": `enforce ${mx}` } });
    const taken = await takeList(
      { octets, signature: await signer.sign(octets, issued), from: "by hand" },
      { directory: it.directory, source: source(), now: it.clock.now() },
    );
    assert.ok(taken.ok, taken.ok ? "" : taken.error);
  };
  await put(NOW - 2 * HOUR, "mx2.pine.example");
  it.clock.advance(29_999);
  assert.ok(!(await becomes(lists, "enforce mx2.pine.example", 100)));
  it.clock.advance(1);
  assert.ok(await becomes(lists, "enforce mx2.pine.example", 100_000));
  await put(NOW - HOUR, "mx3.pine.example");
  await lists.reload();
  assert.equal(saysOf(lists), "enforce mx3.pine.example");
  it.told.length = 0;
  // Nobody looked since, and yet what is on disk counts.
  await put(NOW, "mx4.pine.example");
  await it.publish({ issued: NOW - HOUR / 2, policies: PINE });
  await lists.renew();
  assert.equal(saysOf(lists), "enforce mx4.pine.example");
  assert.match(it.told.at(-1) ?? "", /it is older/);
});

test("a list that is imported while an older one is fetched is not lost", async () => {
  await using it = await world();
  await it.publish({ issued: NOW - DAY, policies: PINE });
  await using lists = await it.open();
  await lists.renew();
  await it.publish({ issued: NOW - 2 * HOUR, policies: PINE });
  const octets = listText({ issued: NOW - HOUR, policies: { "pine.example": "enforce mx2.pine.example" } });
  const signature = await signer.sign(octets, NOW - HOUR);
  it.meanwhile = async () => {
    const taken = await takeList(
      { octets, signature, from: "by hand" },
      { directory: it.directory, source: source(), now: it.clock.now() },
    );
    assert.ok(taken.ok);
  };
  await lists.renew();
  assert.equal(saysOf(lists), "enforce mx2.pine.example");
  assert.match(it.told.at(-1) ?? "", /it is older/);
  const stored = await loadList(it.directory, source());
  assert.equal(stored.ok ? stored.value?.from : stored.error, "by hand");
});

/** A list as an import leaves it, ready to be put in place in one step, at any time. */
async function imported(it: World, issued: Instant, mx: string): Promise<() => void> {
  const octets = listText({ issued, policies: { "pine.example": `enforce ${mx}` } });
  const aside = `${it.directory}-${mx}`;
  const taken = await takeList(
    { octets, signature: await signer.sign(octets, issued), from: "by hand" },
    { directory: aside, source: source(), now: NOW },
  );
  assert.ok(taken.ok);
  return () => {
    copyFileSync(join(aside, "ours.list"), join(it.directory, "half"));
    renameSync(join(it.directory, "half"), join(it.directory, "ours.list"));
  };
}

test("a list that is imported while an older one is judged, or just after it was put in place, is not lost", async () => {
  for (const when of ["judged", "placed"] as const) {
    await using it = await world();
    await it.publish({ issued: NOW - DAY, policies: PINE });
    await using lists = await it.open();
    await lists.renew();
    await it.publish({ issued: NOW - 2 * HOUR, policies: PINE });
    let put: (() => void) | undefined = await imported(it, NOW - HOUR, "mx2.pine.example");
    const once = (): void => {
      const mine = put;
      put = undefined;
      mine?.();
    };
    // The time is asked for once all is fetched, and the change told of once it is stored.
    if (when === "judged") it.clock.now = () => (once(), NOW);
    using _listening = subscribe("hopseal:policy", () => (when === "placed" ? once() : undefined));
    await lists.renew();
    assert.equal(put, undefined, when);
    await lists.reload();
    assert.equal(saysOf(lists), "enforce mx2.pine.example", when);
    const stored = await loadList(it.directory, source());
    assert.equal(stored.ok ? stored.value?.from : stored.error, "by hand", when);
    assert.deepEqual(await readdir(it.directory), ["ours.list"], when);
  }
});

test("a list that cannot be put in place leaves nothing behind, and takes the place of nothing that came meanwhile", async () => {
  await using it = await world();
  const [octets, from, takenAt] = [listText({ issued: NOW, policies: PINE }), "by hand", NOW];
  const stamp = await writeStoredList(it.directory, "ours", { octets, from, takenAt });
  assert.equal((await writeStoredList(it.directory, "ours", { octets, from, takenAt }, { stamp })) === stamp, false);
  await assert.rejects(writeStoredList(it.directory, "ours", { octets, from, takenAt }, { stamp }), /meanwhile/);
  await mkdir(join(it.directory, "full.list", "in"), { recursive: true });
  await assert.rejects(writeStoredList(it.directory, "full", { octets, from, takenAt }), /EISDIR|ENOTEMPTY/);
  assert.deepEqual((await readdir(it.directory)).sort(), ["full.list", "ours.list"]);
});

test("a stored list that cannot be used ends the start, and is told once while running", async () => {
  await using it = await world();
  await it.publish({ issued: NOW, policies: PINE });
  const lists = await it.open();
  await lists.renew();
  const path = join(it.directory, "ours.list");
  const whole = await readFile(path);
  const damages: readonly (readonly [string, Bytes, RegExp])[] = [
    ["cut", whole.subarray(0, -1), /is no stored list/],
    ["altered", whole.with(whole.length - 5, 65), /signature is not good/],
    ["empty", new Uint8Array(0), /is no stored list/],
    ["no head", Buffer.from("x\n{}"), /is no stored list/],
    [
      "another version",
      Buffer.from(whole.toString("latin1").replace('"version":1', '"version":2'), "latin1"),
      /is no stored list/,
    ],
    ["no signature", withoutSignature(whole), /it has no signature/],
  ];
  for (const [name, octets, fault] of damages) {
    await writeFile(path, octets);
    await assert.rejects(it.open(), fault, name);
    it.told.length = 0;
    // Who only looks is told.
    await using look = await it.open({}, true);
    assert.equal(saysOf(look), "none", name);
    assert.match(it.told[0] ?? "", fault, name);
  }
  it.told.length = 0;
  it.clock.advance(90_000);
  await settled(lists);
  assert.equal(saysOf(lists), "enforce mx.pine.example");
  assert.equal(it.told.length, 1, it.told.join("\n"));
  // What has gone is no reason to forget it, and the next list repairs the store.
  await rm(path);
  await lists.reload();
  assert.equal(saysOf(lists), "enforce mx.pine.example");
  await it.publish({ issued: NOW + 1000, policies: PINE });
  await lists.renew();
  await lists[Symbol.asyncDispose]();
  await using again = await it.open();
  assert.equal(saysOf(again), "enforce mx.pine.example");
});

test("what stands in the way of an import is told once, not at every look", async () => {
  await using it = await world();
  await using lists = await it.open({ from: { kind: "import" } });
  const looks = async (): Promise<readonly string[]> => {
    it.told.length = 0;
    for (let look = 0; look < 5; look += 1) await lists.reload();
    return it.told;
  };
  await mkdir(it.directory, { recursive: true });
  const path = join(it.directory, "ours.list");
  await writeFile(path, "half");
  assert.equal((await looks()).length, 1);
  assert.match(
    it.told[0] ?? "",
    /^The policy list ours could not be renewed, and there is none in force: .* is no stored list$/,
  );
  await rm(path);
  assert.deepEqual(await looks(), []);
  // A folder that is none cannot be looked into.
  await rm(it.directory, { recursive: true });
  await writeFile(it.directory, "");
  assert.equal((await looks()).length, 1);
  assert.match(it.told[0] ?? "", /ENOTDIR/);
});

test("a key that is replaced makes the stored list useless, which is told and ends the start", async () => {
  await using it = await world();
  await it.publish({ issued: NOW, policies: PINE });
  const lists = await it.open();
  await lists.renew();
  await lists[Symbol.asyncDispose]();
  const key = { file: stranger.file, fingerprint: stranger.fingerprint };
  await assert.rejects(it.open({ key }), /The policy list ours cannot be used: the signature is not good/);
  await assert.rejects(it.open({ key: { ...key, file: `${key.file}.gone` } }), /the key cannot be read: .*ENOENT/);
  await assert.rejects(it.open({ key: { ...key, file: signer.file } }), /the key file has [0-9a-f]{40}, not /);
});

test("a store that cannot be read or written is never taken for an empty one", async () => {
  await using it = await world();
  await it.publish({ issued: NOW, policies: PINE });
  await using lists = await it.open();
  await lists.renew();
  const path = join(it.directory, "ours.list");
  await rm(path);
  // Neither read as a file nor replaced by one.
  await mkdir(join(path, "full"), { recursive: true });
  await assert.rejects(it.open(), /EISDIR/);
  it.told.length = 0;
  await it.publish({ issued: NOW + 1000, policies: {} });
  await lists.renew();
  await lists.renew();
  assert.equal(saysOf(lists), "enforce mx.pine.example");
  assert.match(it.told[0] ?? "", /EISDIR/);
  assert.match(it.told.at(-1) ?? "", /it cannot be stored/);
});

test("a file of the operator's own: read at the start and on reload, unsigned if he says so, never rolled back", async () => {
  await using it = await world();
  const folder = await mkdtemp(join(tmpdir(), "hopseal-own-"));
  try {
    const file = join(folder, "own.json");
    const from = { kind: "file", list: file, signature: `${file}.asc` } as const;
    const { key: _key, ...unsigned } = source({ from });
    const open = async (one: ListSource, readOnly = false): Promise<PolicyLists> =>
      await openPolicyLists([one], {
        directory: it.directory,
        clock: it.clock,
        random: seededRandom(1),
        readOnly,
        onFault: (text) => it.told.push(text),
        fetch: async () => assert.fail("nobody is asked"),
      });
    await assert.rejects(open(unsigned), /The policy list ours cannot be used: .*ENOENT/);
    await writeFile(file, listText({ issued: NOW, policies: PINE }));
    // Who only looks sees it before it was ever stored, and stores nothing.
    await using look = await open(unsigned, true);
    assert.equal(saysOf(look), "enforce mx.pine.example");
    await assert.rejects(readdir(it.directory), /ENOENT/);
    await assert.rejects(open(source({ from })), /own\.json\.asc/);
    await using lists = await open(unsigned);
    assert.equal(saysOf(lists), "enforce mx.pine.example");
    for (const [content, says] of [
      [listText({ issued: NOW + 1000, policies: { "pine.example": "enforce mx2.pine.example" } }), "mx2"],
      [listText({ issued: NOW, policies: PINE }), "mx2"],
      [Buffer.from("{"), "mx2"],
      [listText({ issued: NOW + 2000, policies: { "pine.example": "enforce mx3.pine.example" } }), "mx3"],
    ] as const) {
      await writeFile(file, content);
      await lists.reload();
      assert.equal(saysOf(lists), `enforce ${says}.pine.example`);
    }
    await rm(file);
    await using again = await open(unsigned);
    assert.equal(saysOf(again), "enforce mx3.pine.example");
    assert.match(it.told.at(-1) ?? "", /could not be renewed, and that of .* stays in force: ENOENT/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a file without end is refused, and a small one read whole", async () => {
  const endless = await readOctets("/dev/zero");
  assert.equal(endless.ok ? "taken" : endless.error, "/dev/zero has more than 10000000 octets");
  await using it = await world();
  await mkdir(it.directory);
  const path = join(it.directory, "own.json");
  for (const size of [0, 1, 200_000]) {
    await writeFile(path, Buffer.alloc(size, 7));
    const read = await readOctets(path);
    assert.deepEqual(read.ok && Buffer.from(read.value), Buffer.alloc(size, 7));
  }
});

test("a crash between writing and putting in place leaves the old list, and its remains are removed", async () => {
  await using it = await world();
  await it.publish({ issued: NOW, policies: PINE });
  const lists = await it.open();
  await lists.renew();
  await lists[Symbol.asyncDispose]();
  const [old, fresh] = ["ours.list.0000.new", "ours.list.1111.new"].map((name) => join(it.directory, name));
  assert.ok(old !== undefined && fresh !== undefined);
  await writeFile(old, "half");
  await utimes(old, new Date(NOW - 2 * HOUR), new Date(NOW - 2 * HOUR));
  await writeFile(fresh, "half");
  await utimes(fresh, new Date(NOW), new Date(NOW));
  await using again = await it.open();
  assert.equal(saysOf(again), "enforce mx.pine.example");
  assert.deepEqual((await readdir(it.directory)).sort(), ["ours.list", "ours.list.1111.new"]);
});

test("two who write at once leave one whole list", async () => {
  await using it = await world();
  const texts = await Promise.all(
    Array.from({ length: 20 }, async (_, at) => {
      const octets = listText({ issued: NOW + at, policies: PINE });
      return { octets, signature: await signer.sign(octets, NOW), takenAt: NOW, from: `writer ${at}` };
    }),
  );
  await Promise.all(texts.map(async (text) => await writeStoredList(it.directory, "ours", text)));
  const loaded = await loadList(it.directory, source());
  assert.ok(loaded.ok && loaded.value !== undefined);
  assert.deepEqual(await readdir(it.directory), ["ours.list"]);
});

function withoutSignature(whole: Buffer): Bytes {
  const text = whole.toString("latin1");
  return Buffer.from(text.replace(/"signature":"[^"]*"/, '"signature":null'), "latin1");
}

/** Whether a list says so before other things have had so many turns. */
async function becomes(lists: PolicyLists, says: string, turns: number): Promise<boolean> {
  for (let turn = 0; turn < turns && saysOf(lists) !== says; turn += 1) await setImmediate();
  return saysOf(lists) === says;
}

/** Waits for what the timers began: the keeper does one thing at a time. */
async function settled(lists: PolicyLists): Promise<void> {
  // A further look changes nothing, and comes after all that was begun.
  await lists.reload();
}
