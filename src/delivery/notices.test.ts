import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../test/support/clock.ts";
import { type Bytes, fromUtf8, seededRandom, utf8 } from "../base/mod.ts";
import { noticeBound } from "../dsn/mod.ts";
import { domain, type Envelope, type Mailbox, NO_DEMAND, NULL_REVERSE_PATH } from "../mail/mod.ts";
import { bindingDemand } from "../policy/mod.ts";
import type { Claim, QueueId } from "../queue/mod.ts";
import { memoryStore } from "../queue/store/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { noticesFor, type NoticeOptions, readStart } from "./notices.ts";
import { markWarned, toldOf } from "./told.ts";
import { nextAttempt } from "./retry.ts";
import type { RecipientOutcome } from "./walk.ts";

const NOW = Date.UTC(2026, 2, 3, 9, 14, 7);
const HOUR = 3_600_000;
const START = utf8("Subject: secret plans\r\nMessage-ID: <1@x>\r\n\r\nbody\r\n");
const RETRY = { first: HOUR / 2, warnAfter: 4 * HOUR, expireAfter: 120 * HOUR };
const mailbox = (localPart: string, host: string): Mailbox => ({ localPart, domain: domain(host) });
const ADA = mailbox("ada", "pine.example");

type Unit = Parameters<typeof toldOf>[0];

function envelope(more: Partial<Envelope> = {}): Envelope {
  return {
    reversePath: { kind: "mailbox", mailbox: ADA },
    recipients: ["bo", "cy", "di"].map((name) => ({ mailbox: mailbox(name, "oak.example") })),
    body: "7bit",
    smtpUtf8: false,
    dsn: {},
    demand: NO_DEMAND,
    origin: { kind: "local" },
    content: { size: 1, eightBit: false, bareCrLf: false, nul: false, endsInCrlf: true, longestLine: 1 },
    ...more,
  };
}

function claim(more: Partial<Envelope> = {}, age = HOUR, recipients: Claim["recipients"] = new Map()): Unit {
  const base = { message: "0a" as QueueId, acceptedAt: NOW - age, bodySize: START.length };
  return { ...base, envelope: envelope(more), recipients };
}

function outcome(end: RecipientOutcome["end"], status: Status, more: Partial<RecipientOutcome> = {}): RecipientOutcome {
  return { end, status, via: { tls: "may:plaintext", because: [] }, ...more };
}

function options(more: Partial<NoticeOptions> = {}): NoticeOptions {
  let made = 0;
  return {
    newId: () => `n${made++}` as QueueId,
    hostname: domain("mx1.rook.example"),
    postmaster: mailbox("postmaster", "rook.example"),
    now: NOW,
    start: START,
    ...more,
  };
}

const FAILED = outcome("failed", statusOf("null-mx"));
const WAITS = outcome("deferred", statusOf("timeout"));
const HERE = outcome("delivered", statusOf("ok-message"), { reach: "mailbox" });

test("noticesFor: one notice for each kind, as it is queued: from nobody, asking for nothing (RFC 5321 §6.1, RFC 3461 §6.1)", () => {
  const unit = claim(
    {
      recipients: ["bo", "cy", "di"].map((name) => ({
        mailbox: mailbox(name, "oak.example"),
        notify: ["success", "failure", "delay"],
      })),
    },
    5 * HOUR,
  );
  const told = toldOf(
    unit,
    {
      outcomes: new Map([
        [0, FAILED],
        [1, WAITS],
        [2, HERE],
      ]),
    },
    { now: NOW, retry: RETRY },
  );
  const { enqueue, warned, dropped } = noticesFor(unit, told, options());
  assert.deepEqual(
    enqueue.map(({ body }) => /\nAction: (.*)\r/.exec(fromUtf8(body))?.[1]),
    ["failed", "delayed", "delivered"],
  );
  assert.deepEqual([warned, dropped], [[1], []]);
  const [first] = enqueue;
  assert.ok(first !== undefined);
  const lines = fromUtf8(first.body).split("\r\n");
  assert.deepEqual(first.message, {
    id: "n0",
    acceptedAt: NOW,
    envelope: {
      reversePath: NULL_REVERSE_PATH,
      recipients: [{ mailbox: ADA, notify: "never" }],
      body: "7bit",
      smtpUtf8: false,
      dsn: {},
      demand: NO_DEMAND,
      origin: { kind: "generated" },
      content: {
        size: first.body.length,
        eightBit: false,
        bareCrLf: false,
        nul: false,
        endsInCrlf: true,
        longestLine: Math.max(...lines.map((line) => line.length)),
      },
    },
    units: [{ destination: "pine.example", recipients: [0] }],
  });
  assert.match(lines.slice(0, 3).join(" "), /^Received: by mx1\.rook\.example .*for <ada@pine\.example>;\s/);
  assert.match(fromUtf8(enqueue[1]?.body ?? START), /\nWill-Retry-Until: Sun, 8 Mar 2026 04:14:07 \+0000\r\n/);
});

test("toldOf: a delay is told from its time on, once, and never of an attempt that we ended (RFC 3461 §5.2.5)", () => {
  const actions = (unit: Unit, one: RecipientOutcome, retry = RETRY): readonly string[] =>
    [...toldOf(unit, { outcomes: new Map([[0, one]]) }, { now: NOW, retry }).values()].map(({ action }) => action);
  const warned: Claim["recipients"] = new Map([[0, { kind: "pending", last: WAITS.status, warned: true }]]);
  assert.deepEqual(actions(claim({}, 4 * HOUR - 1), WAITS), []);
  assert.deepEqual(actions(claim({}, 4 * HOUR), WAITS), ["delayed"]);
  assert.deepEqual(actions(claim({}, 9 * HOUR, warned), WAITS), []);
  assert.deepEqual(actions(claim({}, 9 * HOUR, warned), FAILED), ["failed"]);
  assert.deepEqual(actions(claim({}, 9 * HOUR), outcome("deferred", statusOf("shutting-down"))), []);
  const { warnAfter: _never, ...silent } = RETRY;
  assert.deepEqual(actions(claim({}, 9 * HOUR), WAITS, silent as typeof RETRY), []);
});

test("markWarned: the mark is set for those who were told, kept afterwards, and gone with the end", () => {
  const known: Claim["recipients"] = new Map([
    [0, { kind: "pending", last: WAITS.status, warned: true }],
    [1, { kind: "pending" }],
    [2, { kind: "pending", warned: true }],
  ]);
  const last = WAITS.status;
  const states = markWarned(
    { recipients: known },
    new Map([
      [0, { kind: "pending", last }],
      [1, { kind: "pending", last }],
      [2, { kind: "failed", status: last, at: NOW }],
    ]),
    [1],
  );
  assert.deepEqual(
    [...states.values()],
    [
      { kind: "pending", last, warned: true },
      { kind: "pending", last, warned: true },
      { kind: "failed", status: last, at: NOW },
    ],
  );
  assert.deepEqual(
    [...markWarned({ recipients: new Map() }, new Map([[0, { kind: "pending", last }]]), []).values()],
    [{ kind: "pending", last }],
  );
});

test("noticesFor: RET=FULL returns what was read whole (RFC 3461 §4.3)", () => {
  const body = (bodySize: number): string => {
    const unit = { ...claim({ dsn: { ret: "full" } }), bodySize };
    const told = toldOf(unit, { outcomes: new Map([[0, FAILED]]) }, { now: NOW, retry: RETRY });
    return fromUtf8(noticesFor(unit, told, options()).enqueue[0]?.body ?? new Uint8Array(0));
  };
  assert.match(body(START.length), /\nContent-Type: message\/rfc822\r\n/);
  assert.match(body(START.length + 1), /\nContent-Type: text\/rfc822-headers\r\n/);
});

test("noticesFor: beyond the bound a delay waits for the next attempt, a success is not told, a failure leaves later", () => {
  const bound = noticeBound({ perMinute: 1, burst: 1, longestWait: HOUR, senders: 10 });
  const all: Envelope["recipients"][number]["notify"] = ["success", "failure", "delay"];
  const recipients = ["bo", "cy", "di"].map((name) => ({ mailbox: mailbox(name, "oak.example"), notify: all }));
  const unit = claim({ recipients }, 5 * HOUR);
  const told = toldOf(
    unit,
    {
      outcomes: new Map([
        [0, FAILED],
        [1, WAITS],
        [2, HERE],
      ]),
    },
    { now: NOW, retry: RETRY },
  );
  const first = noticesFor(unit, told, options({ bound }));
  assert.deepEqual([first.enqueue.length, first.warned, first.dropped], [1, [], ["delay", "success"]]);
  const second = noticesFor(unit, told, options({ bound }));
  assert.deepEqual(
    second.enqueue.map(({ message }) => message.acceptedAt - NOW),
    [60_000],
  );
  const other = noticesFor(
    { ...unit, envelope: { ...unit.envelope, reversePath: { kind: "mailbox", mailbox: mailbox("x", "elm.example") } } },
    told,
    options({ bound }),
  );
  assert.deepEqual(
    other.enqueue.map(({ message }) => message.acceptedAt - NOW),
    [0],
  );
});

test("noticesFor: strangers are counted by domain, those who hand mail in here by address", () => {
  const leaves = (name: string, more: Partial<Envelope>): string => {
    const bound = noticeBound({ perMinute: 1, burst: 1, longestWait: HOUR, senders: 10 });
    const waits = ["ada", name].flatMap((localPart) => {
      const reversePath = { kind: "mailbox", mailbox: mailbox(localPart, "pine.example") } as const;
      const unit = claim({ ...more, reversePath });
      const told = toldOf(unit, { outcomes: new Map([[0, FAILED]]) }, { now: NOW, retry: RETRY });
      return noticesFor(unit, told, options({ bound })).enqueue.map(({ message }) => message.acceptedAt - NOW);
    });
    return waits.join(" ");
  };
  assert.deepEqual(
    [
      leaves("bo", { origin: { kind: "mx" } }),
      leaves("bo", { origin: { kind: "mx" }, identity: "ada" }),
      leaves("bo", { origin: { kind: "submission" } }),
      leaves("ada", { origin: { kind: "submission" } }),
      leaves("bo", { origin: { kind: "local" } }),
    ],
    ["0 60000", "0 0", "0 0", "0 60000", "0 0"],
  );
});

test("noticesFor: a failure that leaves later waits in the queue, and bindingDemand never holds a notice back (RFC 8689 §5)", async () => {
  const clock = new ManualClock(NOW);
  await using store = memoryStore({ clock });
  const bound = noticeBound({ perMinute: 1, burst: 1, longestWait: HOUR, senders: 10 });
  const demand = { level: "secure", propagate: true, because: [{ source: "submitter", says: "asked" }] } as const;
  const unit = claim({ demand });
  const told = toldOf(unit, { outcomes: new Map([[0, FAILED]]) }, { now: NOW, retry: RETRY });
  let made = 0;
  const newId = (): QueueId => `n${made++}` as QueueId;
  for (let count = 0; count < 2; count++) {
    for (const { message, body } of noticesFor(unit, told, options({ bound, newId })).enqueue) {
      const sink = store.stage();
      await sink.write(body);
      await store.commit(message, await sink.finish());
    }
  }
  const due = async (): Promise<readonly string[]> => {
    const claims = await store.claim({ now: clock.now(), lease: HOUR, limit: 10 });
    for (const {
      envelope: { demand, reversePath },
    } of claims) {
      const { level, propagate } = bindingDemand(demand, reversePath);
      assert.deepEqual([demand.propagate, level, propagate], [true, "may", false]);
    }
    return claims.map(({ message }) => message);
  };
  assert.deepEqual(await due(), ["n0"]);
  assert.equal(await store.nextDue(), NOW + 60_000);
  clock.advance(60_000);
  assert.deepEqual(await due(), ["n1"]);
});

test("readStart: a bounded beginning, and no more is read than that", async () => {
  let chunks = 0;
  async function* endless(): AsyncIterable<Bytes> {
    for (;;) {
      chunks++;
      yield await Promise.resolve(new Uint8Array(40_000));
    }
  }
  assert.equal((await readStart(endless())).length, 65_536);
  assert.equal(chunks, 2);
  async function* small(): AsyncIterable<Bytes> {
    yield await Promise.resolve(utf8("ab"));
    yield utf8("c");
  }
  assert.equal(fromUtf8(await readStart(small())), "abc");
});

test("nextAttempt: a try falls on the time for a warning, no sooner than the first wait allows", () => {
  const random = seededRandom(1);
  const next = (hours: number, attempt: number): number =>
    (nextAttempt({ attempt, acceptedAt: 0, now: hours * HOUR }, RETRY, random) ?? 0) / HOUR;
  assert.equal(next(3.4, 4), 4);
  assert.equal(next(3.75, 4), 4.25);
  assert.ok(next(4, 5) >= 8);
  assert.ok(next(0, 1) < 1);
});
