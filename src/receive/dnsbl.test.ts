import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ManualClock } from "../../test/support/clock.ts";
import { type StaticZone, staticResolver } from "../../test/support/resolver.ts";
import type { Answer, Resolver } from "../dns/mod.ts";
import { subscribe } from "../observe/mod.ts";
import { type DnsblEntry, openScreen, type Screen } from "./dnsbl.ts";
import { dnsblMemory } from "./dnsbl_memory.ts";
import { dnsblName, judgeAnswer, printable } from "./dnsbl_query.ts";

const V6_TEST = `2.0.0.0.0.0.f.7.f.f.f.f.${"0.".repeat(20)}`;
const SOUND = (zone: string): StaticZone => ({
  [`2.0.0.127.${zone}`]: { A: ["127.0.0.2"] },
  [`${V6_TEST}${zone}`]: { A: ["127.0.0.2"] },
});
const ANY = (): boolean => true;
const LIST = (zone: string, more: Partial<DnsblEntry> = {}): DnsblEntry => ({
  zone,
  wanted: ANY,
  action: "refuse",
  score: 1,
  ...more,
});

interface Opened extends Disposable {
  readonly screen: Screen;
  readonly clock: ManualClock;
  readonly asked: readonly string[];
  /** Faults and listings, as short lines. */
  readonly told: string[];
  settled(): Promise<void>;
}

function opened(
  lists: readonly DnsblEntry[],
  resolver: Resolver & { readonly asked?: readonly string[] },
  threshold = 1,
): Opened {
  const clock = new ManualClock();
  const told: string[] = [];
  const heard = [
    subscribe("hopseal:fault", ({ where, text }) => told.push(`${where}: ${text}`)),
    subscribe("hopseal:listed", ({ client, zone, codes, action }) =>
      told.push([client, zone, ...codes, action].join(" ")),
    ),
  ];
  const screen = openScreen({ lists, threshold, patience: 3000, resolver, clock });
  return {
    screen,
    clock,
    asked: resolver.asked ?? [],
    told,
    settled: () => new Promise((resolve) => setImmediate(() => setImmediate(resolve))),
    [Symbol.dispose]() {
      screen[Symbol.dispose]();
      for (const one of heard) one[Symbol.dispose]();
    },
  };
}

test("dnsblName: octets and nibbles backwards (RFC 5782 §2.1, §2.4)", () => {
  const rows = [
    ["192.0.2.99", "99.2.0.192.bl.example"],
    ["::ffff:192.0.2.99", "99.2.0.192.bl.example"],
    ["255.255.255.255", "255.255.255.255.bl.example"],
    ["2001:db8:1:2:3:4:567:89ab", "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.bl.example"],
    ["elsewhere", undefined],
  ] as const;
  for (const [address, name] of rows) assert.equal(dnsblName(address, "bl.example"), name);
});

test("judgeAnswer: only codes in 127/8 list anybody; failures are no answer (RFC 5782 §2.1)", () => {
  const about = { name: "x", chain: [], security: "insecure" } as const;
  const data = (...records: string[]): Answer<string> => ({ ...about, kind: "data", records });
  const spam = (code: string): boolean => code === "127.0.0.2" || code === "127.0.0.3";
  const broken = (code: string): unknown => ({ kind: "broken", detail: `it answers ${code}, which is no listing` });
  const rows: readonly (readonly [Answer<string>, unknown])[] = [
    [data("127.0.0.2"), { kind: "listed", codes: ["127.0.0.2"] }],
    [data("127.0.0.2", "127.0.0.3", "127.0.0.10"), { kind: "listed", codes: ["127.0.0.2", "127.0.0.3"] }],
    [data("127.0.0.10"), { kind: "not-listed" }],
    [data("127.0.0.1"), broken("127.0.0.1")],
    [data("127.0.0.2", "127.0.0.1"), broken("127.0.0.1")],
    [data("192.0.2.80"), broken("192.0.2.80")],
    [data("127.255.255.254"), broken("127.255.255.254")],
    [{ ...about, kind: "nxdomain" }, { kind: "not-listed" }],
    [{ ...about, kind: "nodata" }, { kind: "not-listed" }],
    [
      { ...about, kind: "failure", cause: "unavailable", detail: "SERVFAIL" },
      { kind: "failed", detail: "SERVFAIL" },
    ],
    [
      { ...about, kind: "failure", cause: "bogus", detail: "expired" },
      { kind: "failed", detail: "expired" },
    ],
  ];
  for (const [answer, verdict] of rows) assert.deepEqual(judgeAnswer(answer, spam), verdict);
});

test("printable: whatever a list says is one short line of ASCII", () => {
  assert.equal(printable("See https://bl.example/?ip=192.0.2.1"), "See https://bl.example/?ip=192.0.2.1");
  assert.equal(printable("a\r\n250 2.0.0 Ok\u0000\u202e\u00e9"), "a??250 2.0.0 Ok???");
  fc.assert(
    fc.property(fc.array(fc.nat(0xffff), { maxLength: 600, size: "max" }), (units) => {
      const text = String.fromCharCode(...units);
      assert.match(printable(text), /^[ -~]{0,200}$/);
    }),
    { numRuns: 40 },
  );
});

test("openScreen: a listed client is refused in the list's words, others are not; what is learnt is told", async () => {
  const resolver = staticResolver({
    ...SOUND("bl.example"),
    "1.2.0.192.bl.example": { A: ["127.0.0.2"], TXT: ["Seen\r\nspamming"] },
    "9.2.0.192.bl.example": { A: ["127.0.0.4"] },
    [dnsblName("2001:db8::5", "bl.example") as string]: { A: ["127.0.0.2"] },
  });
  using house = opened([LIST("bl.example")], resolver);
  await house.settled();
  const judge = async (address: string): Promise<string | undefined> => await house.screen.judge(address);
  assert.equal(await judge("192.0.2.1"), "192.0.2.1 is listed by bl.example: Seen??spamming");
  assert.equal(await judge("192.0.2.9"), "192.0.2.9 is listed by bl.example");
  assert.equal(await judge("2001:db8::5"), "2001:db8::5 is listed by bl.example");
  assert.equal(await judge("192.0.2.2"), undefined);
  assert.equal(await judge("192.0.2.1"), "192.0.2.1 is listed by bl.example: Seen??spamming");
  assert.deepEqual(house.told, [
    "192.0.2.1 bl.example 127.0.0.2 refuse",
    "192.0.2.9 bl.example 127.0.0.4 refuse",
    "2001:db8::5 bl.example 127.0.0.2 refuse",
  ]);
  assert.equal(house.asked.filter((question) => question.startsWith("1.2.0.192")).length, 2);
});

test("openScreen: scores add up, log refuses nobody, allow clears", async () => {
  const lists = [
    LIST("a.example"),
    LIST("b.example", { score: 2 }),
    LIST("c.example", { action: "log", score: 9 }),
    LIST("w.example", { action: "allow" }),
  ];
  const listed = { A: ["127.0.0.2"] };
  const resolver = staticResolver({
    ...Object.fromEntries(lists.flatMap(({ zone }) => Object.entries(SOUND(zone)))),
    "1.2.0.192.a.example": listed,
    "2.2.0.192.b.example": listed,
    "3.2.0.192.a.example": listed,
    "3.2.0.192.b.example": listed,
    "4.2.0.192.a.example": listed,
    "4.2.0.192.b.example": listed,
    "4.2.0.192.w.example": listed,
    "5.2.0.192.c.example": listed,
    "5.2.0.192.b.example": listed,
  });
  using house = opened(lists, resolver, 3);
  await house.settled();
  const refused = [];
  for (const last of [1, 2, 3, 4, 5]) refused.push((await house.screen.judge(`192.0.2.${last}`)) !== undefined);
  assert.deepEqual(refused, [false, false, true, false, false]);
});

const LISTED = { A: ["127.0.0.2"] } as const;
const DEFECTS: readonly (readonly [name: string, StaticZone, fault: string])[] = [
  [
    "lists the world",
    { "1.0.0.127.bl.example": LISTED },
    "The list is not used for 60 min: it lists 127.0.0.1, and so the whole world",
  ],
  [
    "lists the world of IPv6",
    { [`1${V6_TEST.slice(1)}bl.example`]: LISTED },
    "The list is not used for 60 min: it lists ::FFFF:7F00:1, and so the whole world",
  ],
  [
    "is dead",
    { "2.0.0.127.bl.example": {} },
    "The list is not used for 60 min: it does not list its test entry 127.0.0.2",
  ],
  [
    "was sold",
    { "2.0.0.127.bl.example": { A: ["203.0.113.80"] } },
    "The list is not used for 60 min: it answers 203.0.113.80, which is no listing",
  ],
  [
    "does not serve us",
    { "2.0.0.127.bl.example": { A: ["127.255.255.254"] } },
    "The list is not used for 60 min: it answers 127.255.255.254, which is no listing",
  ],
  [
    "cannot be reached",
    { "2.0.0.127.bl.example": { A: { kind: "failure" } } },
    "The list is not used for 1 min: its test entries cannot be looked up: SERVFAIL",
  ],
];

for (const [name, zone, fault] of DEFECTS) {
  test(`openScreen: a list that ${name} is put aside, loudly, and refuses nobody (RFC 5782 §5)`, async () => {
    const resolver = staticResolver({ ...SOUND("bl.example"), "1.2.0.192.bl.example": LISTED, ...zone });
    using house = opened([LIST("bl.example")], resolver);
    await house.settled();
    assert.equal(await house.screen.judge("192.0.2.1"), undefined);
    assert.deepEqual(house.told, [`dnsbl bl.example: ${fault}`]);
    house.clock.advance(3_600_000);
    await house.settled();
    assert.equal(house.told.length, 2);
  });
}

test("openScreen: a list comes back when its test entries are right again, and goes when they are not any more", async () => {
  const world = { sick: true };
  const well = staticResolver({ ...SOUND("bl.example"), "1.2.0.192.bl.example": LISTED });
  const sick = staticResolver({ ...SOUND("bl.example"), "1.0.0.127.bl.example": LISTED });
  const resolver: Resolver = { query: (name, type, options) => (world.sick ? sick : well).query(name, type, options) };
  using house = opened([LIST("bl.example")], resolver);
  for (const [state, refused] of [
    [true, false],
    [false, true],
    [true, false],
  ] as const) {
    world.sick = state;
    house.clock.advance(3_600_000);
    await house.settled();
    assert.equal((await house.screen.judge("192.0.2.1")) !== undefined, refused);
  }
});

test("openScreen: a list without IPv6 is not asked about it, and that is told once", async () => {
  const resolver = staticResolver({ "2.0.0.127.bl.example": LISTED });
  using house = opened([LIST("bl.example")], resolver);
  await house.settled();
  const before = house.asked.length;
  assert.equal(await house.screen.judge("2001:db8::5"), undefined);
  assert.equal(house.asked.length, before);
  assert.deepEqual(house.told, [
    "dnsbl bl.example: The list has no test entry for IPv6; it is not asked about IPv6 clients",
  ]);
});

test("openScreen: lists that do not answer keep a client for three seconds, refuse nobody, and rest after five times", async () => {
  const quick = staticResolver({ ...SOUND("slow.example"), ...SOUND("bl.example"), "7.2.0.192.bl.example": LISTED });
  const resolver: Resolver = {
    query: (name, type, options) =>
      name.endsWith("slow.example") && name.includes("192") ? new Promise(() => {}) : quick.query(name, type, options),
  };
  using house = opened([LIST("slow.example"), LIST("bl.example")], resolver);
  await house.settled();
  for (let last = 1; last <= 5; last++) {
    const judged = house.screen.judge(`192.0.2.${last}`);
    await house.settled();
    house.clock.advance(2999);
    const early = await Promise.race([judged.then(() => true), house.settled().then(() => false)]);
    assert.equal(early, false);
    house.clock.advance(1);
    assert.equal(await judged, undefined);
  }
  assert.deepEqual(house.told, [
    "dnsbl slow.example: A look-up failed: no answer within 3 s",
    "dnsbl slow.example: The list is not used for 1 min: 5 look-ups in a row failed: no answer within 3 s",
  ]);
  // The other list goes on meanwhile.
  assert.equal(await house.screen.judge("192.0.2.7"), "192.0.2.7 is listed by bl.example");
});

test("openScreen: one look-up for all connections of a client, and no more than so many clients at once", async () => {
  const sound = staticResolver(SOUND("bl.example"));
  let waiting = 0;
  const resolver: Resolver = {
    query(name, type, options) {
      if (!name.includes("192")) return sound.query(name, type, options);
      waiting++;
      return new Promise(() => {});
    },
  };
  using house = opened([LIST("bl.example")], resolver);
  await house.settled();
  const judged = [];
  for (let at = 0; at < 600; at++)
    judged.push(house.screen.judge(`192.0.${at >> 8}.${at & 255}`), house.screen.judge("192.0.0.1"));
  await house.settled();
  assert.equal(waiting, 500);
  house.clock.advance(3000);
  assert.deepEqual(new Set(await Promise.all(judged)), new Set([undefined]));
  assert.ok(house.told.includes("dnsbl: 500 clients are being looked up; further ones are let through"));
});

test("dnsblMemory: by TTL within bounds, and never more than its most", () => {
  const clock = new ManualClock();
  const memory = dnsblMemory<number>(clock, 4);
  memory.set("a", 1, clock.now() + 1000);
  memory.set("b", 2, clock.now() + 86_400_000);
  memory.set("c", 3, undefined);
  const held = (): (number | undefined)[] => ["a", "b", "c"].map((key) => memory.get(key));
  assert.deepEqual(held(), [1, 2, 3]);
  clock.advance(30_000);
  assert.deepEqual(held(), [undefined, 2, 3]);
  clock.advance(270_000);
  assert.deepEqual(held(), [undefined, 2, undefined]);
  clock.advance(3_300_000);
  assert.deepEqual(held(), [undefined, undefined, undefined]);
  for (let at = 0; at < 100; at++) {
    memory.set(String(at), at, undefined);
    assert.ok(memory.size <= 4);
    assert.equal(memory.get(String(at)), at);
  }
  assert.equal(memory.get("90"), undefined);
});
