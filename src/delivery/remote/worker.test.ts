import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import PostalMime from "postal-mime";
import { ManualClock } from "../../../test/support/clock.ts";
import { staticResolver } from "../../../test/support/resolver.ts";
import { type FakeHost, type FakeNetwork, fakeNetwork, replied } from "../../../test/support/sessions.ts";
import { type Bytes, fromUtf8, seededRandom, utf8 } from "../../base/mod.ts";
import { domain, type Envelope, NO_DEMAND, NULL_REVERSE_PATH, parseMailbox, type Recipient } from "../../mail/mod.ts";
import { type Events, subscribe } from "../../observe/mod.ts";
import { localPolicies, namePattern, type StsFacts } from "../../policy/mod.ts";
import { type Destination, newQueueId, type QueueId, type Store, StoreError } from "../../queue/mod.ts";
import { memoryStore } from "../../queue/store/mod.ts";
import { statusOf } from "../../status/mod.ts";
import type { DeliveryOptions } from "./options.ts";
import { startDelivery } from "./worker.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const zone = Object.fromEntries(
  ["pine", "oak", "rook"].flatMap((name, at) => [
    [`${name}.example`, { MX: [{ preference: 10, exchange: `mx.${name}.example` }] }],
    [`mx.${name}.example`, { A: [`192.0.2.${at + 1}`] }],
  ]),
);
const PINE = "192.0.2.1";
const OAK = "192.0.2.2";
const ROOK = "192.0.2.3";
const BODY = "Message-ID: <1@rook.example>\r\nSubject: hello\r\n\r\nsecret\r\n";

interface House extends AsyncDisposable {
  readonly store: Store;
  readonly clock: ManualClock;
  readonly network: FakeNetwork;
  readonly attempts: Events["hopseal:attempt"][];
  readonly faults: string[];
  readonly stop: AbortController;
  /** Queues one message to these addresses. */
  send(to: readonly string[], more?: Partial<Envelope> & { readonly notify?: Recipient["notify"] }): Promise<QueueId>;
  start(): Promise<void>;
  /** Moves time on in small steps and lets everything happen that can. */
  pass(span: number, step?: number): Promise<void>;
}

async function house(
  hosts: Readonly<Record<string, FakeHost>>,
  more: Partial<DeliveryOptions> & { readonly wrap?: (store: Store) => Store } = {},
): Promise<House> {
  const clock = new ManualClock();
  const random = seededRandom(7);
  const inner = memoryStore({ clock });
  const store = more.wrap?.(inner) ?? inner;
  const network = fakeNetwork(hosts);
  const stop = new AbortController();
  const attempts: Events["hopseal:attempt"][] = [];
  const faults: string[] = [];
  const listening = [
    subscribe("hopseal:attempt", (event) => attempts.push(event)),
    subscribe("hopseal:fault", (event) => faults.push(event.text)),
  ];
  const newId = (): QueueId => newQueueId(clock, random);
  const postmaster = { localPart: "postmaster", domain: domain("rook.example") };
  let done: Promise<void> | undefined;
  const pass = async (span: number, step = span): Promise<void> => {
    await idle();
    for (let passed = 0; passed < span; passed += step) {
      clock.advance(Math.min(step, span - passed));
      await idle();
    }
  };
  return {
    store,
    clock,
    network,
    attempts,
    faults,
    stop,
    pass,
    async send(to, extra = {}) {
      const { notify, ...envelope } = extra;
      const id = newId();
      const recipients = to.map(
        (address): Recipient => ({ mailbox: mailbox(address), ...(notify === undefined ? {} : { notify }) }),
      );
      const domains = [...new Set(recipients.map((one) => one.mailbox.domain))];
      const sink = store.stage();
      await sink.write(utf8(BODY));
      await store.commit(
        {
          id,
          acceptedAt: clock.now(),
          envelope: { ...BASE, recipients, ...envelope },
          units: domains.map((name) => ({
            destination: name as string as Destination,
            recipients: recipients.flatMap((one, at) => (one.mailbox.domain === name ? [at] : [])),
          })),
        },
        await sink.finish(),
      );
      return id;
    },
    async start() {
      ({ done } = startDelivery({
        store,
        clock,
        random,
        resolver: staticResolver(zone),
        openSession: network.openSession,
        routes: [],
        policies: localPolicies([]),
        hostname: domain("mx1.rook.example"),
        postmaster,
        self: { names: ["mx1.rook.example"], addresses: [] },
        newQueueId: newId,
        signal: stop.signal,
        ...more,
      }));
      await idle();
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await pass(2 * MINUTE, 10_000);
      await done;
      for (const one of listening) one[Symbol.dispose]();
      assert.equal(clock.pending, 0, "a timer was left behind");
    },
  };
}

const BASE: Envelope = {
  reversePath: { kind: "mailbox", mailbox: mailbox("ada@rook.example") },
  recipients: [],
  body: "7bit",
  smtpUtf8: false,
  dsn: { envid: "E1" },
  demand: NO_DEMAND,
  origin: { kind: "local" },
  content: { size: BODY.length, eightBit: false, bareCrLf: false, nul: false, endsInCrlf: true, longestLine: 28 },
};

function mailbox(text: string): Recipient["mailbox"] {
  const parsed = parseMailbox(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

/** Lets promises run until nothing more can happen without time. */
async function idle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

test("startDelivery: a message leaves, the queue is empty, and one line tells of each recipient", async () => {
  await using it = await house({ [PINE]: {}, [OAK]: {} });
  const id = await it.send(["bo@pine.example", "cy@pine.example", "di@oak.example"]);
  it.clock.advance(500);
  await it.start();
  assert.deepEqual(await it.store.count(), { messages: 0, units: 0 });
  assert.deepEqual(
    it.attempts.map((one) => `${one.to} ${one.outcome} ${one.tls} ${one.host} ${one.address}`),
    [
      "bo@pine.example delivered may:encrypted mx.pine.example 192.0.2.1",
      "cy@pine.example delivered may:encrypted mx.pine.example 192.0.2.1",
      "di@oak.example delivered may:encrypted mx.oak.example 192.0.2.2",
    ],
  );
  assert.deepEqual(it.attempts[0], {
    id,
    attempt: 1,
    from: "<ada@rook.example>",
    to: "bo@pine.example",
    outcome: "delivered",
    tls: "may:encrypted",
    session: { version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256" },
    host: "mx.pine.example",
    address: "192.0.2.1",
    code: 250,
    enhanced: "2.6.0",
    text: "Message accepted",
    because: ["default: nothing asks for more than opportunistic TLS (RFC 3207 §4)"],
    at: it.clock.now(),
    age: 500,
    took: 0,
  });
});

test("startDelivery: what comes while it waits is begun at once", async () => {
  await using it = await house({ [PINE]: {} });
  await it.start();
  await it.send(["bo@pine.example"]);
  await idle();
  assert.equal(it.attempts.length, 1);
});

test("startDelivery: what is deferred is tried again on schedule and returned after its time (RFC 5321 §4.5.4.1)", async () => {
  await using it = await house({ [ROOK]: {} }, { retry: { first: 30 * MINUTE, expireAfter: 10 * HOUR } });
  await it.send(["bo@pine.example"]);
  await it.start();
  await it.pass(12 * HOUR, 5 * MINUTE);
  const first = it.attempts[0]?.at ?? 0;
  const tries = it.attempts.filter((one) => one.to === "bo@pine.example");
  const hours = tries.map((one) => (one.at - first) / HOUR);
  assert.equal(tries.length, 6);
  for (const [at, least] of [0, 0.5, 1.5, 3.5, 7.5, 10].entries()) {
    assert.ok((hours[at] ?? 0) >= least && (hours[at] ?? 0) < least * 1.1 + 0.2, hours.join(" "));
  }
  assert.deepEqual(
    tries.map((one) => one.outcome),
    ["deferred", "deferred", "deferred", "deferred", "deferred", "failed"],
  );
  assert.equal(tries.at(-1)?.text, "Not delivered within 10 hours: connect failed");
  assert.equal(it.attempts.at(-1)?.to, "ada@rook.example");
  assert.deepEqual(await it.store.count(), { messages: 0, units: 0 });
});

test("startDelivery: a failure returns the header to the sender, in the same settlement (RFC 3464)", async () => {
  let enqueued: Bytes | undefined;
  const wrap = (store: Store): Store => ({
    ...store,
    settle(claim, settlement) {
      enqueued ??= settlement.enqueue?.[0]?.body;
      return store.settle(claim, settlement);
    },
  });
  const refuses: FakeHost = {
    transact: () => ({ recipients: [replied(550, "no such user", "5.1.1"), statusOf("ok-message")] }),
  };
  await using it = await house({ [PINE]: refuses, [ROOK]: {} }, { wrap });
  await it.send(["bo@pine.example", "cy@pine.example"]);
  await it.start();
  assert.deepEqual(
    it.attempts.map((one) => `${one.from} ${one.to} ${one.outcome}`),
    [
      "<ada@rook.example> bo@pine.example failed",
      "<ada@rook.example> cy@pine.example delivered",
      "<> ada@rook.example delivered",
    ],
  );
  assert.ok(enqueued !== undefined);
  const text = fromUtf8(enqueued);
  const mail = await PostalMime.parse(enqueued);
  assert.equal(mail.to?.[0]?.address, "ada@rook.example");
  assert.equal(mail.from?.address, "postmaster@rook.example");
  assert.match(text, /^Received: /);
  assert.match(text, /Final-Recipient: rfc822; bo@pine\.example\r\nAction: failed\r\nStatus: 5\.1\.1\r\n/);
  assert.match(text, /Original-Envelope-Id: E1\r\n/);
  assert.match(text, /Subject: hello\r\n/);
  assert.ok(!text.includes("secret") && !text.includes("cy@pine.example"));
});

test("startDelivery: no notice about a notice, nor where the sender asked for none (RFC 5321 §6.1, RFC 3461 §4.1)", async () => {
  await using it = await house({ [PINE]: { transact: () => ({ recipients: [replied(550, "no")] }) }, [ROOK]: {} });
  const dropped = await it.send(["bo@pine.example"], { reversePath: NULL_REVERSE_PATH });
  await it.send(["bo@pine.example"], { notify: "never" });
  await it.send(["bo@pine.example"], { notify: ["delay"] });
  await it.start();
  assert.equal(it.attempts.length, 3);
  assert.deepEqual(await it.store.count(), { messages: 0, units: 0 });
  assert.deepEqual(it.faults, [
    `Message ${dropped} to pine.example failed and has no sender to be returned to; it is dropped`,
  ]);
});

test("startDelivery: a destination has its limit, and a dead one delays no other", async () => {
  await using it = await house({ [OAK]: {} });
  const hanging: (() => void)[] = [];
  const open: DeliveryOptions["openSession"] = (target, decision, rung, signal) =>
    target.address === PINE
      ? new Promise((resolve) => {
          hanging.push(() => resolve(it.network.openSession({ ...target, address: OAK }, decision, rung, signal)));
        })
      : it.network.openSession(target, decision, rung, signal);
  for (let made = 0; made < 7; made++) await it.send(["bo@pine.example"]);
  for (let made = 0; made < 5; made++) await it.send(["di@oak.example"]);
  await using _delivery = startDelivery({ ...optionsOf(it), openSession: open, perDestination: 2, concurrency: 4 });
  await idle();
  assert.equal(hanging.length, 2);
  assert.equal(it.attempts.filter((one) => one.to === "di@oak.example").length, 5);
  for (let round = 0; hanging.length > 0; round++) {
    assert.ok(hanging.length <= 2 && round < 7);
    hanging.shift()?.();
    await idle();
  }
  assert.equal(it.attempts.length, 12);
  it.stop.abort();
});

/** The same options that `start` uses, for a test that brings its own sessions. */
function optionsOf(it: House): DeliveryOptions {
  return {
    store: it.store,
    clock: it.clock,
    random: seededRandom(3),
    resolver: staticResolver(zone),
    openSession: it.network.openSession,
    routes: [],
    policies: localPolicies([]),
    hostname: domain("mx1.rook.example"),
    postmaster: mailbox("postmaster@rook.example"),
    self: { names: [], addresses: [] },
    newQueueId: () => newQueueId(it.clock, seededRandom(it.attempts.length)),
    signal: it.stop.signal,
  };
}

/** An attempt that hangs until its signal is given or it is let go. */
function hangingSessions(it: House): {
  open: DeliveryOptions["openSession"];
  letGo: () => void;
  stopped: () => boolean;
} {
  const gate = Promise.withResolvers<void>();
  let stopped = false;
  return {
    letGo: () => gate.resolve(),
    stopped: () => stopped,
    async open(target, decision, rung, signal) {
      signal?.addEventListener("abort", () => {
        stopped = true;
        gate.resolve();
      });
      await gate.promise;
      if (stopped)
        return { kind: "failed", stage: "connect", status: statusOf("shutting-down"), findings: [], connected: false };
      return it.network.openSession(target, decision, rung, signal);
    },
  };
}

test("startDelivery: a lease is renewed while its attempt goes on", async () => {
  await using it = await house({ [PINE]: {} });
  await it.send(["bo@pine.example"]);
  const hanging = hangingSessions(it);
  await using _delivery = startDelivery({ ...optionsOf(it), openSession: hanging.open, lease: MINUTE });
  await it.pass(30 * MINUTE, 10_000);
  assert.deepEqual(await it.store.claim({ now: it.clock.now(), lease: MINUTE, limit: 1 }), []);
  hanging.letGo();
  await idle();
  assert.equal(it.attempts.length, 1);
  assert.deepEqual(await it.store.count(), { messages: 0, units: 0 });
  it.stop.abort();
});

test("startDelivery: an attempt whose lease was lost changes and reports nothing", async () => {
  await using it = await house(
    { [PINE]: {} },
    { wrap: (store) => ({ ...store, renew: () => Promise.resolve(false), settle: () => Promise.resolve(false) }) },
  );
  await it.send(["bo@pine.example"]);
  const hanging = hangingSessions(it);
  await using _delivery = startDelivery({ ...optionsOf(it), openSession: hanging.open, lease: MINUTE });
  await it.pass(40_000);
  assert.ok(hanging.stopped());
  assert.deepEqual(it.attempts, []);
  assert.match(it.faults.join(), /lease of message \w+ was lost/);
  it.stop.abort();
});

test("startDelivery: at the signal, what is under way finishes and nothing is begun", async () => {
  await using it = await house({ [PINE]: {}, [OAK]: {} });
  await it.send(["bo@pine.example"]);
  const hanging = hangingSessions(it);
  const delivery = startDelivery({ ...optionsOf(it), openSession: hanging.open });
  await idle();
  it.stop.abort();
  await it.send(["di@oak.example"]);
  await it.pass(30_000);
  assert.ok(!hanging.stopped());
  hanging.letGo();
  await delivery.done;
  assert.deepEqual(
    it.attempts.map((one) => `${one.to} ${one.outcome}`),
    ["bo@pine.example delivered"],
  );
  assert.deepEqual(await it.store.count(), { messages: 1, units: 1 });
});

test("startDelivery: what does not finish in time is stopped, kept, and due again at once", async () => {
  await using it = await house({});
  const id = await it.send(["bo@pine.example"]);
  const hanging = hangingSessions(it);
  const delivery = startDelivery({ ...optionsOf(it), openSession: hanging.open, drain: MINUTE });
  await idle();
  it.stop.abort();
  await it.pass(MINUTE);
  await delivery.done;
  assert.ok(hanging.stopped());
  const [claim] = await it.store.claim({ now: it.clock.now(), lease: MINUTE, limit: 1 });
  assert.deepEqual([claim?.message, claim?.crashes], [id, 0]);
});

test("startDelivery: an attempt that we stop ourselves never uses up the time of its message", async () => {
  await using it = await house({});
  const id = await it.send(["bo@pine.example"]);
  const hanging = hangingSessions(it);
  const retry = { first: MINUTE, expireAfter: 10 * MINUTE };
  const delivery = startDelivery({ ...optionsOf(it), openSession: hanging.open, drain: MINUTE, retry });
  await it.pass(20 * MINUTE, MINUTE);
  it.stop.abort();
  await it.pass(MINUTE);
  await delivery.done;
  assert.deepEqual(
    (await it.store.show(id))?.units.map((unit) => unit.state),
    ["due"],
  );
  assert.deepEqual(
    it.attempts.map((one) => one.outcome),
    ["deferred"],
  );
});

test("startDelivery: two domains never share a decision, even where they share a unit and a host (design law 4)", async () => {
  const shared = { MX: [{ preference: 10, exchange: "mx.pine.example" }] };
  await using it = await house(
    { [PINE]: {} },
    {
      resolver: staticResolver({ ...zone, "oak.example": shared }),
      policies: localPolicies([{ destination: "oak.example", level: "encrypt" }]),
      wrap: (store) => ({
        ...store,
        commit(message, body) {
          const units = [
            { destination: "both" as Destination, recipients: message.units.flatMap((unit) => unit.recipients) },
          ];
          return store.commit({ ...message, units }, body);
        },
      }),
    },
  );
  await it.send(["bo@pine.example", "di@oak.example"]);
  await it.start();
  assert.deepEqual(
    it.attempts.map((one) => `${one.to} ${one.tls}`),
    ["bo@pine.example may:encrypted", "di@oak.example encrypt:encrypted"],
  );
  assert.equal(it.network.log.filter((line) => line.includes("MAIL")).length, 2);
});

test("startDelivery: what was claimed and not begun is given back at the signal", async () => {
  await using it = await house({});
  const renewed: string[] = [];
  const store: Store = {
    ...it.store,
    renew(claim, until) {
      renewed.push(claim.unit);
      return it.store.renew(claim, until);
    },
  };
  await it.send(["bo@pine.example"]);
  const hanging = hangingSessions(it);
  const options = {
    ...optionsOf(it),
    store,
    openSession: hanging.open,
    perDestination: 2,
    drain: MINUTE,
    lease: MINUTE,
  };
  const delivery = startDelivery(options);
  await idle();
  // One place is left, two are claimed: the second of them waits under its lease.
  await Promise.all([1, 2, 3].map(() => it.send(["bo@pine.example"])));
  await it.pass(5 * MINUTE, 10_000);
  assert.equal(new Set(renewed).size, 3);
  it.stop.abort();
  await idle();
  assert.equal((await it.store.claim({ now: it.clock.now(), lease: MINUTE, limit: 9 })).length, 2);
  await it.pass(MINUTE);
  await delivery.done;
  const later = { now: it.clock.now() + 2 * MINUTE, lease: MINUTE, limit: 9 };
  const crashes = (await it.store.claim(later)).map((claim) => claim.crashes);
  assert.deepEqual(crashes.sort(), [0, 0, 1, 1]);
});

test("startDelivery: what a claim brings after the signal is given back, not begun", async () => {
  const stop = new AbortController();
  await using it = await house(
    { [PINE]: {} },
    {
      signal: stop.signal,
      wrap: (store) => ({
        ...store,
        async claim(request) {
          const claims = await store.claim(request);
          stop.abort();
          return claims;
        },
      }),
    },
  );
  await it.send(["bo@pine.example"]);
  await it.start();
  await it.pass(1000);
  assert.deepEqual(it.network.log, []);
  assert.equal((await it.store.list())[0]?.units[0]?.state, "due");
});

test("startDelivery: a message whose attempts crash is held for an operator", async () => {
  await using it = await house({ [PINE]: {} });
  const id = await it.send(["bo@pine.example"]);
  for (let crash = 0; crash < 3; crash++) {
    assert.equal((await it.store.claim({ now: it.clock.now(), lease: MINUTE, limit: 1 })).length, 1);
    it.clock.advance(2 * MINUTE);
  }
  await it.start();
  const shown = await it.store.show(id);
  assert.deepEqual(
    shown?.units.map((unit) => unit.state),
    ["held"],
  );
  assert.deepEqual(it.network.log, []);
  assert.match(it.faults.join(), /on hold: its attempt crashed 3 times/);
});

test("startDelivery: an attempt that breaks is a fault, and the message is kept and tried again", async () => {
  let calls = 0;
  await using it = await house({ [PINE]: {} });
  await it.send(["bo@pine.example"]);
  await using _delivery = startDelivery({
    ...optionsOf(it),
    openSession: (...call) => (calls++ === 0 ? Promise.reject(new Error("a bug")) : it.network.openSession(...call)),
  });
  await it.pass(HOUR, MINUTE);
  assert.deepEqual(
    it.attempts.map((one) => `${one.outcome} ${one.code} ${one.enhanced}`),
    ["deferred 451 4.3.0", "delivered 250 2.6.0"],
  );
  assert.match(it.faults.join(), /The attempt for message \w+ broke: a bug/);
  it.stop.abort();
});

test("startDelivery: an outcome that cannot be recorded is recorded later, under the same lease", async () => {
  let failures = 3;
  await using it = await house(
    { [PINE]: {} },
    {
      wrap: (store) => ({
        ...store,
        settle: (...call) => (failures-- > 0 ? Promise.reject(new StoreError("io", "disk")) : store.settle(...call)),
      }),
    },
  );
  await it.send(["bo@pine.example"]);
  await it.start();
  await it.pass(MINUTE, 1000);
  assert.equal(it.attempts.length, 1);
  assert.equal(it.network.log.filter((line) => line.includes("MAIL")).length, 1);
  assert.equal(it.faults.length, 3);
});

test("startDelivery: a destination that has answered is free for the next message while the outcome is being recorded", async () => {
  const recording: (() => void)[] = [];
  await using it = await house(
    { [PINE]: {} },
    {
      wrap: (store) => ({
        ...store,
        async settle(...call) {
          await new Promise<void>((resolve) => recording.push(resolve));
          return await store.settle(...call);
        },
      }),
    },
  );
  for (let made = 0; made < 3; made++) await it.send(["bo@pine.example"]);
  await using _delivery = startDelivery({ ...optionsOf(it), perDestination: 1 });
  await idle();
  assert.equal(it.network.log.filter((line) => line.includes("MAIL")).length, 3);
  assert.equal(it.attempts.length, 0);
  for (const resolve of recording) resolve();
  await idle();
  assert.equal(it.attempts.length, 3);
  it.stop.abort();
});

test("startDelivery: waiting costs nothing, and a store that fails is asked again after a while", async () => {
  let claims = 0;
  let broken = true;
  await using it = await house(
    { [PINE]: {} },
    {
      wrap: (store) => ({
        ...store,
        claim(request) {
          claims++;
          return broken ? Promise.reject(new StoreError("io", "disk")) : store.claim(request);
        },
      }),
    },
  );
  await it.start();
  await it.pass(20_000, 1000);
  assert.ok(claims >= 4 && claims <= 5, `${claims}`);
  broken = false;
  await it.pass(10_000, 1000);
  claims = 0;
  await it.pass(24 * HOUR, MINUTE);
  assert.equal(claims, 0);
});

test("startDelivery: maildir and discard, by route", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-delivery-"));
  try {
    await using it = await house(
      {},
      {
        routes: [
          { recipients: ["bin@oak.example"], target: { kind: "discard" } },
          { recipients: ["oak.example"], target: { kind: "maildir", path: `${folder}/{localpart}` } },
        ],
      },
    );
    const id = await it.send(["bo@oak.example", '"../x"@oak.example', "bin@oak.example"]);
    const reported = Promise.withResolvers<void>();
    using _listening = subscribe("hopseal:attempt", () => {
      if (it.attempts.length === 3) reported.resolve();
    });
    await it.start();
    await reported.promise;
    assert.deepEqual(it.attempts.map((one) => `${one.to} ${one.outcome} ${one.tls}`).sort(), [
      '"../x"@oak.example delivered local:maildir',
      "bin@oak.example delivered local:discard",
      "bo@oak.example delivered local:maildir",
    ]);
    assert.deepEqual((await readdir(folder)).sort(), ["%2E.%2Fx", "bo"]);
    const [name = ""] = await readdir(`${folder}/bo/new`);
    assert.ok(name.includes(id));
    assert.match(
      await readFile(`${folder}/bo/new/${name}`, "utf8"),
      /^Return-Path: <ada@rook\.example>\nDelivered-To: bo@oak\.example\nMessage-ID/,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("startDelivery: a store that cannot renew for a while costs nothing, one that cannot until the end costs the attempt", async () => {
  let failing = true;
  await using it = await house(
    { [PINE]: {} },
    {
      wrap: (store) => ({
        ...store,
        renew: (...call) => (failing ? Promise.reject(new StoreError("io", "disk")) : store.renew(...call)),
      }),
    },
  );
  await it.send(["bo@pine.example"]);
  const hanging = hangingSessions(it);
  await using _delivery = startDelivery({ ...optionsOf(it), openSession: hanging.open, lease: MINUTE });
  await it.pass(30_000);
  failing = false;
  await it.pass(40_000);
  assert.ok(!hanging.stopped());
  failing = true;
  await it.pass(MINUTE, 10_000);
  assert.ok(hanging.stopped());
  assert.match(it.faults[0] ?? "", /Cannot renew the lease of message \w+: disk/);
  it.stop.abort();
});

test("startDelivery: an outcome is not forgotten while the process lives, nor the message sent again, however long the store fails", async () => {
  let broken = false;
  await using it = await house(
    { [PINE]: {} },
    {
      lease: MINUTE,
      wrap: (store) => ({
        ...store,
        settle: (...call) => (broken ? Promise.reject(new StoreError("io", "disk")) : store.settle(...call)),
        renew: (...call) => (broken ? Promise.reject(new StoreError("io", "disk")) : store.renew(...call)),
      }),
    },
  );
  await it.send(["bo@pine.example"]);
  broken = true;
  await it.start();
  await it.pass(HOUR, 1000);
  assert.equal(it.attempts.length, 0);
  broken = false;
  await it.pass(MINUTE, 1000);
  assert.deepEqual(
    it.attempts.map((one) => `${one.attempt} ${one.outcome}`),
    ["1 delivered"],
  );
  assert.equal(it.network.log.filter((line) => line.includes("MAIL")).length, 1);
  assert.deepEqual(await it.store.count(), { messages: 0, units: 0 });
});

test("startDelivery: an outcome that makes no sense to the store is given up, and the lease with it", async () => {
  await using it = await house(
    { [PINE]: {} },
    { wrap: (store) => ({ ...store, settle: () => Promise.reject(new Error("a bug")) }) },
  );
  await it.send(["bo@pine.example"]);
  await it.start();
  await it.pass(MINUTE, 1000);
  assert.deepEqual(it.attempts, []);
  assert.equal(it.faults.length, 1);
});

test("startDelivery: a store that fails to the end holds no shutdown up beyond its time", async () => {
  await using it = await house(
    { [PINE]: {} },
    { wrap: (store) => ({ ...store, settle: () => Promise.reject(new StoreError("io", "disk")) }) },
  );
  await it.send(["bo@pine.example"]);
  let over = false;
  const delivery = startDelivery({ ...optionsOf(it), openSession: it.network.openSession, drain: 20_000 });
  void delivery.done.then(() => {
    over = true;
  });
  await it.pass(HOUR, MINUTE);
  it.stop.abort();
  await it.pass(19_000, 1000);
  assert.equal(over, false);
  await it.pass(2000, 1000);
  assert.equal(over, true);
});

test("startDelivery: a notice is written even when the original cannot be read any more", async () => {
  await using it = await house(
    { [PINE]: { transact: () => ({ recipients: [replied(550, "no")] }) }, [ROOK]: {} },
    {
      wrap: (store) => ({
        ...store,
        openBody(id, start) {
          const broken = store.list().then(([first]) => first?.envelope.reversePath.kind === "mailbox");
          return (async function* () {
            if (await broken) throw new StoreError("corrupt", "bad sector");
            yield* store.openBody(id, start);
          })();
        },
      }),
    },
  );
  await it.send(["bo@pine.example"]);
  await it.start();
  assert.deepEqual(
    it.attempts.map((one) => `${one.to} ${one.outcome}`),
    ["bo@pine.example failed", "ada@rook.example delivered"],
  );
  assert.match(it.faults.join(), /Cannot read message \w+ for its notice: bad sector/);
});

test("startDelivery: what DNS says ends or puts off the message, and the line says what was wanted", async () => {
  await using it = await house(
    {},
    {
      resolver: staticResolver({
        "pine.example": { MX: { kind: "failure" } },
        "oak.example": { MX: [{ preference: 0, exchange: "" }] },
      }),
      policies: localPolicies([{ destination: "pine.example", level: "encrypt" }]),
    },
  );
  await it.send(["bo@pine.example", "di@oak.example", "ed@gone.example"], { reversePath: NULL_REVERSE_PATH });
  await it.start();
  assert.deepEqual(it.attempts.map((one) => `${one.to} ${one.outcome} ${one.code} ${one.enhanced} ${one.tls}`).sort(), [
    "bo@pine.example deferred 451 4.4.3 encrypt:!dns",
    "di@oak.example failed 556 5.1.10 may:!dns",
    "ed@gone.example failed 550 5.1.2 may:!dns",
  ]);
});

test("startDelivery: a fixed next hop takes what its route matches, and recipients that go other ways go by themselves", async () => {
  await using it = await house(
    { [PINE]: {}, [OAK]: {} },
    {
      routes: [
        {
          recipients: ["bo@pine.example"],
          target: { kind: "smtp", host: "mx.oak.example", port: 587, mode: "implicit", tls: "secure" },
        },
      ],
    },
  );
  await it.send(["bo@pine.example", "cy@pine.example"]);
  await it.start();
  assert.deepEqual(
    it.attempts.map((one) => `${one.to} ${one.outcome} ${one.tls} ${one.address}`),
    ["bo@pine.example delivered secure:webpki 192.0.2.2", "cy@pine.example delivered may:encrypted 192.0.2.1"],
  );
});

test("startDelivery: a notice is not held back by REQUIRETLS, mail with a sender is (RFC 8689 §4.2.1, §5)", async () => {
  await using it = await house({ [PINE]: {} });
  const demand = { level: "secure", mxAuthentic: "dnssec-or-sts", propagate: true, because: [] } as const;
  await it.send(["bo@pine.example"], { demand, reversePath: NULL_REVERSE_PATH });
  await it.send(["bo@pine.example"], { demand });
  await it.start();
  const lines = it.attempts.filter((one) => one.to === "bo@pine.example");
  assert.deepEqual(lines.map((one) => `${one.outcome} ${one.enhanced} ${one.tls}`).sort(), [
    "delivered 2.6.0 may:encrypted",
    "failed 5.7.10 secure:!decision",
  ]);
});

test("startDelivery: a notice about protected mail is offered with REQUIRETLS, though that does not bind it (RFC 8689 §5)", async () => {
  const offered: boolean[] = [];
  const transact: NonNullable<FakeHost["transact"]> = ({ envelope, recipients }) => {
    offered.push(envelope.demand.propagate);
    return { recipients: recipients.map(() => statusOf("ok-message")) };
  };
  await using it = await house({ [PINE]: { transact } });
  const demand = { level: "secure", mxAuthentic: "dnssec-or-sts", propagate: true, because: [] } as const;
  await it.send(["bo@pine.example"], { demand, reversePath: NULL_REVERSE_PATH });
  await it.start();
  assert.deepEqual([offered, it.attempts.map(({ outcome }) => outcome)], [[true], ["delivered"]]);
});

test("startDelivery: what breaks for some recipients of a unit does not send it to the others once more", async () => {
  const open: DeliveryOptions["openSession"] = (target, ...rest) => {
    if (target.address === OAK) throw new Error("no more files");
    return it.network.openSession(target, ...rest);
  };
  const target = { kind: "smtp", host: "mx.oak.example", port: 25, mode: "starttls" } as const;
  await using it = await house(
    { [PINE]: {} },
    { openSession: open, routes: [{ recipients: ["cy@pine.example"], target }] },
  );
  await it.send(["bo@pine.example", "cy@pine.example"]);
  await it.start();
  assert.deepEqual(
    it.attempts.map((one) => `${one.to} ${one.outcome}`),
    ["bo@pine.example delivered", "cy@pine.example deferred"],
  );
  await it.pass(40 * MINUTE, MINUTE);
  assert.equal(it.attempts.filter((one) => one.to === "bo@pine.example").length, 1);
  assert.ok(
    it.faults.every((text) => text.endsWith("broke: no more files")),
    it.faults.join(),
  );
});

test("startDelivery: notices that cannot be written hold what they would tell of, and nobody gets the message twice", async () => {
  const transact = (): ReturnType<NonNullable<FakeHost["transact"]>> => ({
    recipients: [statusOf("ok-message"), replied(550, "no such user", "5.1.1")],
  });
  const notices = {
    turn: (): never => {
      throw new Error("no clock");
    },
  };
  await using it = await house({ [PINE]: { transact } }, { notices });
  const id = await it.send(["bo@pine.example", "cy@pine.example"]);
  await it.start();
  await it.pass(HOUR, 10 * MINUTE);
  const [unit] = (await it.store.show(id))?.units ?? [];
  assert.deepEqual(
    [unit?.state, [...(unit?.recipients.values() ?? [])].map(({ kind }) => kind)],
    ["held", ["delivered", "pending"]],
  );
  assert.equal(it.network.log.filter((line) => line.includes("MAIL")).length, 1);
});

/** Domains d0.example, d1.example, … each with a host of its own at `address`. */
function domainsAt(count: number, address: (at: number) => string): Parameters<typeof staticResolver>[0] {
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      [`d${at}.example`, { MX: [{ preference: 10, exchange: `mx${at}.example` }] }] as const,
      [`mx${at}.example`, { A: [address(at)] }] as const,
    ]).flat(),
  );
}

test("startDelivery: one black hole and 500 messages elsewhere: none of the 500 waits for it", async () => {
  const zones = domainsAt(50, (at) => `198.51.100.${at}`);
  await using it = await house(Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`198.51.100.${at}`, {}])));
  let hanging = 0;
  const open: DeliveryOptions["openSession"] = (target, decision, rung, signal) => {
    if (target.address !== PINE) return it.network.openSession(target, decision, rung, signal);
    hanging++;
    return new Promise((resolve) => {
      const end = (): void => {
        hanging--;
        resolve({
          kind: "failed",
          stage: "connect",
          status: statusOf("connect-failed"),
          findings: [],
          connected: false,
        });
      };
      const timer = it.clock.after(30_000, end);
      signal?.addEventListener("abort", () => (timer[Symbol.dispose](), end()), { once: true });
    });
  };
  for (let made = 0; made < 200; made++) await it.send(["bo@pine.example"]);
  for (let made = 0; made < 500; made++) await it.send([`bo@d${made % 50}.example`]);
  await using _delivery = startDelivery({
    ...optionsOf(it),
    resolver: staticResolver({ ...zone, ...zones }),
    openSession: open,
    concurrency: 20,
  });
  for (let turn = 0; turn < 60; turn++) await idle();
  // No time has passed at all.
  assert.equal(it.attempts.filter((one) => one.outcome === "delivered").length, 500);
  assert.equal(hanging, 4);
  await it.pass(31_000, 1000);
  assert.equal(hanging, 1);
  it.stop.abort();
  await it.pass(2 * MINUTE, 10_000);
});

test("startDelivery: destinations that fail together leave half of all places to the others", async () => {
  const zones = domainsAt(40, () => PINE);
  await using it = await house({ [OAK]: {} });
  let held = 0;
  const open: DeliveryOptions["openSession"] = async (target, decision, rung, signal) => {
    if (target.address !== PINE) return await it.network.openSession(target, decision, rung, signal);
    held++;
    await new Promise<void>((resolve) => {
      const timer = it.clock.after(30_000, resolve);
      signal?.addEventListener("abort", () => (timer[Symbol.dispose](), resolve()), { once: true });
    });
    held--;
    return { kind: "failed", stage: "connect", status: statusOf("connect-failed"), findings: [], connected: false };
  };
  await using _delivery = startDelivery({
    ...optionsOf(it),
    resolver: staticResolver({ ...zone, ...zones }),
    openSession: open,
    concurrency: 10,
    perAddress: 1000,
    retry: { first: 1000, expireAfter: HOUR },
  });
  for (let at = 0; at < 10; at++) await it.send([`bo@d${at}.example`]);
  await idle();
  assert.equal(held, 10);
  // They are known now, and due again at once.
  await it.pass(32_000, 1000);
  assert.ok(held > 0 && held <= 5, `${held}`);
  const before = it.attempts.length;
  await it.send(["di@oak.example"]);
  await idle();
  assert.deepEqual(
    it.attempts.slice(before).map((one) => `${one.to} ${one.outcome}`),
    ["di@oak.example delivered"],
  );
  it.stop.abort();
  await it.pass(2 * MINUTE, 10_000);
});

test("startDelivery: a tarpit behind many domains has its share of connections, and the rest waits untouched", async () => {
  const zones = domainsAt(30, () => PINE);
  await using it = await house({ [PINE]: {}, [OAK]: {} });
  const gate = Promise.withResolvers<void>();
  let held = 0;
  const open: DeliveryOptions["openSession"] = async (target, decision, rung, signal) => {
    if (target.address === PINE) {
      held++;
      await gate.promise;
    }
    return await it.network.openSession(target, decision, rung, signal);
  };
  const ids = [];
  for (let at = 0; at < 30; at++) ids.push(await it.send([`bo@d${at}.example`]));
  for (let made = 0; made < 5; made++) await it.send(["di@oak.example"]);
  await using _delivery = startDelivery({
    ...optionsOf(it),
    resolver: staticResolver({ ...zone, ...zones }),
    openSession: open,
    concurrency: 25,
    perAddress: 3,
  });
  await it.pass(10_000, 500);
  assert.equal(held, 3);
  assert.equal(it.attempts.filter((one) => one.to === "di@oak.example").length, 5);
  const units = await Promise.all(ids.map((id) => it.store.show(id)));
  const attempts = units.map((one) => `${one?.units[0]?.state} ${one?.units[0]?.attempt}`);
  assert.equal(attempts.filter((one) => one === "leased 1").length, 3);
  assert.equal(attempts.filter((one) => one === "due 0").length, 27);
  gate.resolve();
  await it.pass(20_000, 500);
  assert.equal(it.attempts.length, 35);
  assert.ok(it.attempts.every((one) => one.outcome === "delivered" && one.attempt === 1));
  it.stop.abort();
});

test("startDelivery: one message after another goes over one connection, which ends when no more come", async () => {
  await using it = await house({ [PINE]: {} });
  await it.start();
  for (let made = 0; made < 5; made++) {
    await it.send(["bo@pine.example"]);
    await it.pass(1000);
  }
  assert.equal(it.network.log.filter((line) => line === `${PINE} full`).length, 1);
  assert.equal(it.network.log.filter((line) => line.endsWith("QUIT")).length, 0);
  await it.pass(2000);
  assert.equal(it.network.log.at(-1), `${PINE} full QUIT`);
  assert.equal(it.attempts.filter((one) => one.outcome === "delivered").length, 5);
});

test("startDelivery: units that crashed with a poisonous one are each tried alone, and only that one is held", async () => {
  await using it = await house({ [PINE]: {}, [OAK]: {} });
  const poison = await it.send(["bo@pine.example"]);
  for (let made = 0; made < 4; made++) await it.send(["di@oak.example"]);
  // The process died under all five.
  assert.equal((await it.store.claim({ now: it.clock.now(), lease: MINUTE, limit: 9 })).length, 5);
  it.clock.advance(2 * MINUTE);
  const innocent = await it.send(["ed@rook.example"]);
  const together: number[] = [];
  let open = 0;
  const sessions: DeliveryOptions["openSession"] = async (target, decision, rung, signal) => {
    open++;
    together.push(open);
    await new Promise((resolve) => setImmediate(resolve));
    open--;
    return await it.network.openSession(target, decision, rung, signal);
  };
  // It dies again and again under the poison, whenever that is tried; a new process follows a minute later.
  const dying = (store: Store, die: () => void): Store => ({
    ...store,
    async claim(request) {
      const claims = await store.claim(request);
      if (!claims.some((one) => one.message === poison && one.crashes < 3)) return claims;
      die();
      throw new Error("killed");
    },
  });
  for (let life = 0; life < 4; life++) {
    const dead = new AbortController();
    const store = dying(it.store, () => dead.abort());
    await using _delivery = startDelivery({
      ...optionsOf(it),
      store,
      openSession: sessions,
      signal: dead.signal,
      reuse: 0,
    });
    for (let turn = 0; turn < 5; turn++) await idle();
    await it.pass(6 * MINUTE, MINUTE);
    dead.abort();
  }
  assert.deepEqual(
    (await it.store.show(poison))?.units.map((unit) => unit.state),
    ["held"],
  );
  assert.equal(it.attempts.filter((one) => one.to === "di@oak.example" && one.outcome === "delivered").length, 4);
  assert.equal(it.attempts.filter((one) => one.id === innocent).length > 0, true);
  assert.equal(Math.max(...together), 1);
  assert.match(it.faults.join(), /on hold: its attempt crashed 3 times/);
});

test("startDelivery: what is given back at the signal has lost no attempt", async () => {
  await using it = await house({});
  const hanging = hangingSessions(it);
  for (let made = 0; made < 6; made++) await it.send(["bo@pine.example"]);
  const delivery = startDelivery({ ...optionsOf(it), openSession: hanging.open, drain: MINUTE });
  await idle();
  it.stop.abort();
  await idle();
  const given = (await it.store.list()).filter((one) => one.units[0]?.state === "due");
  assert.deepEqual(
    given.map((one) => one.units[0]?.attempt),
    [0, 0],
  );
  await it.pass(MINUTE);
  await delivery.done;
});

test("startDelivery: greylisting is answered after five minutes, not after the first wait (RFC 6647 §2)", async () => {
  let asked = 0;
  const host: FakeHost = {
    transact: () => ({ recipients: [asked++ === 0 ? replied(450, "Greylisted", "4.2.0") : statusOf("ok-message")] }),
  };
  await using it = await house({ [PINE]: host });
  await it.send(["bo@pine.example"]);
  await it.start();
  await it.pass(8 * MINUTE, 10_000);
  const [first, second] = it.attempts;
  assert.deepEqual([first?.outcome, second?.outcome], ["deferred", "delivered"]);
  const waited = (second?.at ?? 0) - (first?.at ?? 0);
  assert.ok(waited >= 5 * MINUTE && waited <= 6 * MINUTE, `${waited}`);
});

/** The policy as it is stored, as it turns out to be, and what becomes of a message that is at its end. */
test("startDelivery: before mail fails for good a new MTA-STS policy is looked for (RFC 8461 §5.1)", async () => {
  const sts = (mode: "enforce" | "none", host: string): StsFacts => ({
    kind: "policy",
    mode,
    mx: [namePattern(domain(host))],
    id: host,
    lines: [],
    expires: 1e15,
  });
  const old = sts("enforce", "old.example");
  const rows: unknown[] = [];
  for (const [name, stored, fresh] of [
    ["unchanged", old, old],
    ["changed", old, sts("enforce", "mx.pine.example")],
    ["withdrawn", old, sts("none", "old.example")],
    ["not enforced", sts("none", "old.example"), old],
  ] as const) {
    let refetched = 0;
    let now: StsFacts = stored;
    await using it = await house(
      { ...(name === "not enforced" ? {} : { [PINE]: {} }), [ROOK]: {} },
      {
        retry: { first: MINUTE, expireAfter: 3 * MINUTE },
        sources: {
          dane: async () => ({ kind: "absent", why: "" }),
          list: () => ({ kind: "none" }),
          async sts(asked, options) {
            if (asked !== "pine.example") return { kind: "none", why: "" };
            if (options?.refetch === true) {
              refetched++;
              now = fresh;
            }
            return now;
          },
        },
      },
    );
    await it.send(["bo@pine.example"]);
    await it.start();
    await it.pass(10 * MINUTE, 10_000);
    const last = it.attempts.findLast((one) => one.to === "bo@pine.example");
    rows.push([name, refetched, last?.outcome, last?.tls]);
  }
  assert.deepEqual(rows, [
    ["unchanged", 1, "failed", "sts:!decision"],
    ["changed", 1, "delivered", "sts:webpki"],
    ["withdrawn", 1, "delivered", "may:encrypted"],
    ["not enforced", 0, "failed", "may:!connect"],
  ]);
});

test("startDelivery: sessions are counted in the settlement of their attempt (RFC 8460 §4)", async () => {
  await using it = await house(
    { [PINE]: { fails: { full: "handshake", small: "handshake" } } },
    {
      tally: (sessions) => sessions.map(({ host, reached }) => ({ day: "2026-03-03", key: `${host} ${reached}` })),
    },
  );
  await it.send(["bo@pine.example"]);
  await it.start();
  assert.deepEqual(
    (await it.store.tallies()).map(({ key, count }) => `${key} ${count}`),
    ["mx.pine.example failed 2", "mx.pine.example plaintext 1"],
  );
});
