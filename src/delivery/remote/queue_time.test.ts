import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/clock.ts";
import { staticResolver } from "../../../test/support/resolver.ts";
import { fakeNetwork } from "../../../test/support/sessions.ts";
import { seededRandom, utf8 } from "../../base/mod.ts";
import { domain, NO_DEMAND } from "../../mail/mod.ts";
import { subscribe } from "../../observe/mod.ts";
import { localPolicies } from "../../policy/mod.ts";
import { type Destination, newQueueId } from "../../queue/mod.ts";
import { memoryStore } from "../../queue/store/mod.ts";
import { queueTimeOf } from "./queue_time.ts";
import { startDelivery } from "./worker.ts";

test("queueTimeOf: small steps are followed; a jump back is not; one on is, after five minutes, and ages nobody", () => {
  const clock = new ManualClock(DAY * 1000);
  const time = queueTimeOf(clock);
  const started = clock.now();
  const age = (acceptedAt: number): number => time.now() - time.arrival(acceptedAt);
  clock.advance(HOUR);
  clock.jump(30_000);
  assert.equal(time.now(), clock.now());
  clock.jump(-30_000);
  assert.equal(time.now(), clock.now());
  assert.equal(age(started), HOUR);
  clock.jump(-HOUR);
  assert.equal(time.now(), started + HOUR);
  clock.advance(HOUR);
  assert.equal(time.now(), started + 2 * HOUR);
  const later = clock.now();
  clock.jump(60 * DAY);
  assert.equal(time.now(), started + 2 * HOUR);
  assert.equal(time.slack(), 60 * DAY - HOUR);
  clock.advance(299_999);
  assert.ok(time.slack() > 0);
  clock.advance(1);
  assert.equal(time.now(), clock.now());
  assert.equal(time.slack(), 0);
  assert.equal(age(later), 300_000);
  const fresh = clock.now();
  clock.advance(HOUR);
  assert.equal(age(fresh), HOUR);
  assert.equal(age(later), 300_000 + HOUR);
  // Somebody puts the clock right.
  clock.jump(-60 * DAY);
  assert.equal(age(later), 300_000 + HOUR);
  assert.equal(time.now(), fresh + HOUR);
  assert.ok(age(fresh) <= HOUR);
});

test("a clock that jumps 60 days on expires nothing, warns nobody and tries nothing twice at once; the log says so", async () => {
  await using it = house();
  await it.start();
  await it.pass(10 * MINUTE, MINUTE);
  assert.deepEqual(it.outcomes, ["deferred"]);
  it.clock.jump(60 * DAY);
  await it.pass(2 * HOUR, MINUTE);
  assert.match(it.faults.join(), /jumped on by 5184000 s/);
  assert.deepEqual([...new Set(it.outcomes)], ["deferred"]);
  assert.ok(it.outcomes.length >= 2);
  assert.equal((await it.store.count()).messages, 1);
  // Mail that comes after it is delivered, and the old one lives as long as any.
  await it.send();
  await it.pass(10 * MINUTE, MINUTE);
  assert.equal((await it.store.count()).messages, 2);
  await it.pass(4 * DAY, HOUR);
  assert.equal(it.outcomes.includes("failed"), false);
  await it.pass(2 * DAY, HOUR);
  assert.equal(it.outcomes.includes("failed"), true);
});

test("a clock that goes an hour back makes nothing wait an hour more", async () => {
  await using it = house();
  await it.start();
  await it.pass(10 * MINUTE, MINUTE);
  const before = it.outcomes.length;
  it.clock.jump(-HOUR);
  await it.pass(35 * MINUTE, MINUTE);
  assert.equal(it.outcomes.length, before + 1);
  await it.send();
  await it.pass(MINUTE);
  assert.equal(it.outcomes.length, before + 2);
});

test("an attempt under way when the clock jumps on keeps its lease", async () => {
  const answered = Promise.withResolvers<void>();
  await using it = house(answered.promise);
  await it.start();
  await it.pass(MINUTE, 1000);
  assert.equal(it.network.log.length, 1);
  it.clock.jump(60 * DAY);
  await it.pass(2 * HOUR, MINUTE);
  assert.equal(it.network.log.length, 1);
  assert.equal(
    it.faults.some((text) => text.includes("lease")),
    false,
  );
  answered.resolve();
  await it.pass(MINUTE, 1000);
  assert.deepEqual(it.outcomes, ["deferred"]);
});

test("what the machine sleeps has passed: mail is tried at once and grows older, and no jump is told", async () => {
  await using it = house();
  await it.start();
  await it.pass(10 * MINUTE, MINUTE);
  assert.deepEqual(it.outcomes, ["deferred"]);
  it.clock.sleep(3 * HOUR);
  await it.pass(2 * MINUTE, MINUTE);
  assert.deepEqual(it.outcomes, ["deferred", "deferred"]);
  await it.send();
  await it.pass(1000);
  assert.equal(it.outcomes.length, 3);
  assert.deepEqual(it.faults, []);
  it.clock.sleep(5 * DAY);
  await it.pass(2 * MINUTE, MINUTE);
  assert.ok(it.outcomes.includes("failed"));
});

test("an attempt under way while the machine sleeps keeps its lease", async () => {
  const answered = Promise.withResolvers<void>();
  await using it = house(answered.promise);
  await it.start();
  await it.pass(MINUTE, 1000);
  assert.equal(it.network.log.length, 1);
  it.clock.sleep(HOUR);
  await it.pass(HOUR, MINUTE);
  assert.equal(it.network.log.length, 1);
  answered.resolve();
  await it.pass(MINUTE, 1000);
  assert.deepEqual(it.outcomes, ["deferred"]);
  assert.equal(it.faults.join().includes("lease"), false);
});

test("queueTimeOf: a sleep and a jump are told apart, however they come together; many short sleeps are no jump", () => {
  const clock = new ManualClock(DAY * 1000);
  const time = queueTimeOf(clock);
  const started = clock.now();
  const age = (): number => time.now() - time.arrival(started);
  clock.sleep(3 * HOUR);
  assert.equal(time.now(), clock.now());
  assert.equal(time.leases(), started);
  assert.equal(age(), 3 * HOUR);
  clock.advance(299_999);
  assert.equal(time.leases(), clock.now() - 3 * HOUR);
  clock.advance(1);
  assert.equal(time.leases(), clock.now());
  // The wall stood still as well, and somebody put it right.
  clock.sleep(2 * HOUR);
  clock.jump(5 * HOUR);
  assert.equal(age(), 5 * HOUR + 5 * MINUTE);
  assert.equal(time.slack(), 5 * HOUR);
  clock.jump(-5 * HOUR);
  assert.equal(age(), 5 * HOUR + 5 * MINUTE);
  for (let count = 0; count < 1000; count++) {
    clock.sleep(50_000);
    clock.advance(15_000);
    assert.equal(time.now(), clock.now());
  }
  clock.jump(HOUR);
  assert.equal(time.slack(), HOUR);
});

function house(slow?: Promise<void>) {
  const clock = new ManualClock();
  const random = seededRandom(3);
  const store = memoryStore({ clock });
  const network = fakeNetwork({});
  const stop = new AbortController();
  const outcomes: string[] = [];
  const faults: string[] = [];
  const listening = [
    subscribe("hopseal:attempt", ({ outcome }) => outcomes.push(outcome)),
    subscribe("hopseal:fault", ({ text }) => faults.push(text)),
  ];
  let done: Promise<void> | undefined;
  const newId = (): ReturnType<typeof newQueueId> => newQueueId(clock, random);
  const pass = async (span: number, step = span): Promise<void> => {
    await idle();
    for (let passed = 0; passed < span; passed += step) {
      clock.advance(step);
      await idle();
    }
  };
  const it = {
    clock,
    store,
    network,
    outcomes,
    faults,
    pass,
    async send() {
      const sink = store.stage();
      await sink.write(utf8("Subject: hello\r\n\r\n"));
      const units = [{ destination: "pine.example" as Destination, recipients: [0] }];
      await store.commit({ id: newId(), acceptedAt: clock.now(), envelope: ENVELOPE, units }, await sink.finish());
    },
    async start() {
      await it.send();
      ({ done } = startDelivery({
        store,
        clock,
        random,
        resolver: staticResolver({
          "pine.example": { MX: [{ preference: 10, exchange: "mx.pine.example" }] },
          "mx.pine.example": { A: ["192.0.2.1"] },
          "rook.example": { MX: [{ preference: 10, exchange: "mx.pine.example" }] },
        }),
        async openSession(...given) {
          const opened = network.openSession(...given);
          await slow;
          return await opened;
        },
        routes: [],
        policies: localPolicies([]),
        hostname: domain("mx1.rook.example"),
        postmaster: { localPart: "postmaster", domain: domain("rook.example") },
        self: { names: [], addresses: [] },
        newQueueId: newId,
        retry: { first: 30 * MINUTE, expireAfter: 5 * DAY, warnAfter: 4 * HOUR },
        signal: stop.signal,
      }));
      await idle();
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await pass(2 * MINUTE, 1000);
      await done;
      for (const one of listening) one[Symbol.dispose]();
    },
  };
  return it;
}

async function idle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise(setImmediate);
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ENVELOPE = {
  reversePath: { kind: "mailbox", mailbox: { localPart: "ada", domain: domain("rook.example") } },
  recipients: [{ mailbox: { localPart: "bo", domain: domain("pine.example") } }],
  body: "7bit",
  smtpUtf8: false,
  dsn: {},
  demand: NO_DEMAND,
  origin: { kind: "generated" },
  content: { size: 18, eightBit: false, bareCrLf: false, nul: false, endsInCrlf: true, longestLine: 14 },
} as const;
