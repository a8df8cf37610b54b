import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../test/support/clock.ts";
import { ACCEPTED, type FakeHost, fakeNetwork, replied } from "../../test/support/sessions.ts";
import { err, ok, utf8 } from "../base/mod.ts";
import { domain, type Envelope, NO_DEMAND } from "../mail/mod.ts";
import type { ConvertTo7Bit } from "../mime/mod.ts";
import { decide } from "../policy/mod.ts";
import type { Outgoing } from "../smtp/client/mod.ts";
import { statusOf } from "../status/mod.ts";
import { type Attempt, attemptHosts } from "./attempt.ts";
import type { PlannedHost, Way } from "./plan.ts";
import { connectionPool } from "./remote/connections.ts";
import type { WalkOptions, Work } from "./walk.ts";

const ENVELOPE: Envelope = {
  reversePath: { kind: "mailbox", mailbox: { localPart: "ada", domain: domain("rook.example") } },
  recipients: [0, 1, 2].map((at) => ({ mailbox: { localPart: `u${at}`, domain: domain("pine.example") } })),
  body: "7bit",
  smtpUtf8: false,
  dsn: {},
  demand: NO_DEMAND,
  origin: { kind: "local" },
  content: { size: 3, eightBit: false, bareCrLf: false, nul: false, endsInCrlf: true, longestLine: 1 },
};

function hostAt(addresses: readonly string[], way?: Way, destination = "pine.example"): PlannedHost {
  const host = {
    name: "a.example",
    literal: false,
    port: 25,
    mode: "starttls",
    learnt: "mx",
    mxSecurity: "secure",
  } as const;
  const facts = { destination, host, now: 0 };
  const decision = decide(facts, NO_DEMAND);
  assert.ok(decision.kind === "proceed");
  return { kind: "dial", host, addresses, decision, facts, ...(way === undefined ? {} : { way }) };
}

function work(recipients: readonly number[] = [0], envelope: Partial<Envelope> = {}): Work {
  return {
    envelope: { ...ENVELOPE, ...envelope },
    recipients,
    async *open() {
      yield await Promise.resolve(utf8("x\r\n"));
    },
  };
}

async function run(hosts: readonly PlannedHost[], options: WalkOptions, what = work()): Promise<Attempt> {
  const made = await attemptHosts(hosts, what, options);
  await made.closing;
  return made;
}

function ends({ outcomes }: Attempt): readonly string[] {
  return [...outcomes.values()].map(({ end, status, reach, soon }) =>
    [end, status.code, reach ?? "-", soon === true ? "soon" : "-"].join(" "),
  );
}

test("attemptHosts: a dead address costs little while others remain, and gets its time when all are through (RFC 8305 §5)", async () => {
  const clock = new ManualClock();
  const asked: string[] = [];
  const network = fakeNetwork({});
  const dead: WalkOptions["openSession"] = (target, decision, rung) => {
    asked.push(`${target.address} ${target.patience ?? "patient"}`);
    // What answers at once is not slow.
    if (target.address !== "192.0.2.2") clock.advance(target.patience ?? 30_000);
    return network.openSession(target, decision, rung);
  };
  const made = await run([hostAt(["192.0.2.1", "192.0.2.2", "192.0.2.3"])], { openSession: dead, clock });
  assert.deepEqual(asked, ["192.0.2.1 5000", "192.0.2.2 5000", "192.0.2.3 patient", "192.0.2.1 patient"]);
  assert.deepEqual(ends(made), ["deferred 451 - -"]);
  assert.equal(clock.monotonic(), 65_000);
});

test("attemptHosts: the second address takes the message five seconds after the first was dialled in vain", async () => {
  const clock = new ManualClock();
  const network = fakeNetwork({ "192.0.2.2": {} });
  const open: WalkOptions["openSession"] = (target, decision, rung) => {
    if (target.address === "192.0.2.1") clock.advance(target.patience ?? 30_000);
    return network.openSession(target, decision, rung);
  };
  assert.deepEqual(ends(await run([hostAt(["192.0.2.1", "192.0.2.2"])], { openSession: open, clock })), [
    "delivered 250 relayed-dsn -",
  ]);
  assert.equal(clock.monotonic(), 5000);
});

test("attemptHosts: one message after another goes over one session, and a stale one is no trouble of the host", async () => {
  const clock = new ManualClock();
  const over = { recipients: [statusOf("connection-lost")], reusable: false, host: "ok", untouched: true } as const;
  const lost = { recipients: [statusOf("connection-lost")], reusable: false, host: "failed" } as const;
  for (const stale of [over, lost, { ...lost, recipients: [replied(421, "idle too long", "4.4.2")] }]) {
    let sent = 0;
    const host: FakeHost = { transact: () => (++sent === 3 ? stale : { recipients: [ACCEPTED] }) };
    const { log, openSession } = fakeNetwork({ "192.0.2.1": host });
    const connections = connectionPool({ clock });
    const ended: string[] = [];
    for (let message = 0; message < 4; message++) {
      const made = await run([hostAt(["192.0.2.1"])], { openSession, connections });
      ended.push(...ends(made));
      assert.equal(made.sessions.length, message === 0 || message === 2 ? 1 : 0);
    }
    await connections.close();
    assert.deepEqual(
      ended,
      Array.from({ length: 4 }, () => "delivered 250 relayed-dsn -"),
    );
    const mail = "192.0.2.1 full MAIL u0@pine.example";
    assert.deepEqual(log, [
      "192.0.2.1 full",
      mail,
      mail,
      mail,
      "192.0.2.1 full QUIT",
      "192.0.2.1 full",
      mail,
      mail,
      "192.0.2.1 full QUIT",
    ]);
  }
});

test("attemptHosts: what is lost after the final dot on an idle session is not sent again", async () => {
  let sent = 0;
  const lost = { recipients: [statusOf("connection-lost")], reusable: false, host: "failed", afterDot: true } as const;
  const host: FakeHost = { transact: () => (++sent === 2 ? lost : { recipients: [ACCEPTED] }) };
  const { log, openSession } = fakeNetwork({ "192.0.2.1": host, "192.0.2.2": {} });
  const connections = connectionPool({ clock: new ManualClock() });
  const hosts = [hostAt(["192.0.2.1"])];
  await run(hosts, { openSession, connections });
  const made = await run([...hosts, hostAt(["192.0.2.2"])], { openSession, connections });
  assert.deepEqual(ends(made), ["deferred 451 - -"]);
  assert.equal(log.filter((line) => line.includes("MAIL")).length, 2);
  await connections.close();
});

test("attemptHosts: an address that has its share of connections ends the walk, and nothing was tried", async () => {
  const clock = new ManualClock();
  const connections = connectionPool({ clock, perAddress: 1 });
  const network = fakeNetwork({ "192.0.2.1": {}, "192.0.2.2": {} });
  assert.ok(connections.enter("192.0.2.1"));
  const both = [hostAt(["192.0.2.1", "192.0.2.2"])];
  const crowded = await run(both, { openSession: network.openSession, connections });
  assert.deepEqual([crowded.crowded, network.log, ends(crowded)], [true, [], ["deferred 451 - soon"]]);
  connections.leave("192.0.2.1");
  const free = await run(both, { openSession: network.openSession, connections });
  assert.deepEqual([free.crowded, ends(free)], [false, ["delivered 250 relayed-dsn -"]]);
  await connections.close();
  const failing = await run([hostAt(["192.0.2.9"])], { openSession: network.openSession, connections });
  assert.deepEqual([failing.crowded, connections.enter("192.0.2.9")], [false, true]);
});

test("attemptHosts: a fault of ours gives the place back and ends the session", async () => {
  const connections = connectionPool({ clock: new ManualClock(), perAddress: 1 });
  const network = fakeNetwork({ "192.0.2.1": {} });
  const fault = new Error("bad sector");
  const broken = { connections, convert: () => Promise.reject(fault) };
  const hosts = [hostAt(["192.0.2.1"], { convert: true })];
  await assert.rejects(attemptHosts(hosts, work([0], BINARY), { ...broken, openSession: network.openSession }), fault);
  assert.deepEqual(network.log, ["192.0.2.1 full", "192.0.2.1 full QUIT"]);
  await assert.rejects(attemptHosts(hosts, work(), { ...broken, openSession: () => Promise.reject(fault) }), fault);
  assert.equal(connections.enter("192.0.2.1"), true);
});

test("attemptHosts: what was decided before a fault of ours stays decided", async () => {
  const fault = new Error("bad sector");
  let calls = 0;
  const once: WalkOptions["openSession"] = async (...args) => {
    if (calls++ > 0) throw fault;
    return await network.openSession(...args);
  };
  const network = fakeNetwork({
    "192.0.2.1": { transact: () => ({ recipients: [ACCEPTED, replied(451, "later")], host: "failed" }) },
  });
  const made = await run([hostAt(["192.0.2.1", "192.0.2.2"])], { openSession: once }, work([0, 1]));
  assert.deepEqual(
    [made.fault, ends(made), [...made.open]],
    [fault, ["delivered 250 relayed-dsn -", "deferred 451 - -"], [1]],
  );
});

test("attemptHosts: our own notices are turned into 7-bit for any host that needs it (RFC 6152 §3)", async () => {
  const bodies: unknown[] = [];
  const turn: ConvertTo7Bit = async () => ok({ content: ENVELOPE.content, body: "7bit", open: () => work().open() });
  const host: FakeHost = {
    transact: ({ envelope }) => {
      bodies.push(envelope.body);
      return { recipients: [ACCEPTED] };
    },
  };
  const { openSession } = fakeNetwork({ "192.0.2.1": host });
  for (const kind of ["mx", "generated"] as const)
    await run([hostAt(["192.0.2.1"])], { openSession, convert: turn }, work([0], { ...BINARY, origin: { kind } }));
  assert.deepEqual(bodies, ["binarymime", "7bit"]);
});

test("attemptHosts: greylisted recipients are to be tried again soon, others are not (RFC 6647 §2)", async () => {
  const host: FakeHost = {
    transact: () => ({ recipients: [replied(450, "Greylisted", "4.2.0"), replied(452, "full", "4.2.2"), ACCEPTED] }),
  };
  const { openSession } = fakeNetwork({ "192.0.2.1": host });
  assert.deepEqual(ends(await run([hostAt(["192.0.2.1"])], { openSession }, work([0, 1, 2]))), [
    "deferred 450 - soon",
    "deferred 452 - -",
    "delivered 250 relayed-dsn -",
  ]);
});

test("attemptHosts: TLS reports hear which of our addresses a session came from (RFC 8460 §4.4)", async () => {
  const { openSession } = fakeNetwork({ "192.0.2.1": {} });
  const from: WalkOptions["openSession"] = async (...args) => {
    const session = await openSession(...args);
    return { ...session, from: "198.51.100.7" };
  };
  const made = await run([hostAt(["192.0.2.9", "192.0.2.1"])], { openSession: from });
  assert.deepEqual(
    made.sessions.map((session) => session.from),
    ["198.51.100.7", "198.51.100.7"],
  );
});

test("attemptHosts: TLS reports hear of every session, of those that failed before them, and of hosts left out (RFC 8460 §4)", async () => {
  const { openSession } = fakeNetwork({ "192.0.2.1": { fails: { full: "handshake" } } });
  const planned = hostAt(["192.0.2.9", "192.0.2.1"]);
  const decision = {
    kind: "skip-host",
    status: statusOf("tls-verify-failed"),
    because: [],
    level: "secure",
  } as const;
  const facts = { destination: "pine.example", host: planned.host, now: 0, dane: DANE };
  const out = {
    kind: "out",
    outcome: { host: "b.example", why: "decision", status: decision.status },
    decision,
    facts,
  } as const;
  const made = await attemptHosts([out, planned], work(), { openSession });
  assert.deepEqual(
    made.sessions.map(({ destination, host, address, reached, dane }) => [destination, host, address, reached, dane]),
    [
      ["pine.example", "b.example", undefined, "refused", DANE],
      ["pine.example", "a.example", "192.0.2.9", "failed", undefined],
      ["pine.example", "a.example", "192.0.2.1", "failed", undefined],
      ["pine.example", "a.example", "192.0.2.1", "tls", undefined],
    ],
  );
  const agent = await attemptHosts([hostAt(["192.0.2.1"], { protocol: "lmtp" })], work(), { openSession });
  assert.deepEqual([agent.sessions, ends(agent)], [[], ["delivered 250 mailbox -"]]);
});

const EIGHT_BIT: Partial<Envelope> = { body: "8bitmime", content: { ...ENVELOPE.content, eightBit: true } };
const BINARY: Partial<Envelope> = { body: "binarymime" };

/** Extensions of the fake host: 8BITMIME, and neither CHUNKING nor BINARYMIME. */
test("attemptHosts: content is turned into 7-bit where the route allows it and the host needs it alone (RFC 6152 §3, RFC 3030 §3)", async () => {
  const rows: unknown[] = [];
  for (const convert of [false, true]) {
    for (const envelope of [{}, EIGHT_BIT, BINARY]) {
      const seen: Outgoing[] = [];
      let calls = 0;
      const turn: ConvertTo7Bit = async () => {
        calls++;
        return ok({ content: ENVELOPE.content, body: "7bit", open: () => work().open() });
      };
      const host: FakeHost = {
        transact: (outgoing) => {
          seen.push(outgoing);
          return { recipients: [ACCEPTED] };
        },
      };
      const { openSession } = fakeNetwork({ "192.0.2.1": host });
      await run([hostAt(["192.0.2.1"], { convert })], { openSession, convert: turn }, work([0], envelope));
      rows.push([convert, envelope.body ?? "7bit", seen[0]?.envelope.body, seen[0]?.content.eightBit, calls]);
    }
  }
  assert.deepEqual(rows, [
    [false, "7bit", "7bit", false, 0],
    [false, "8bitmime", "8bitmime", true, 0],
    [false, "binarymime", "binarymime", false, 0],
    [true, "7bit", "7bit", false, 0],
    [true, "8bitmime", "8bitmime", true, 0],
    [true, "binarymime", "7bit", false, 1],
  ]);
});

test("attemptHosts: content that may not be turned stays as it is, and the refusal says why (RFC 6152 §3)", async () => {
  const refuse: ConvertTo7Bit = async () => err({ kind: "signed", by: "DKIM-Signature" });
  for (const cause of ["conversion-required", "binary-refused"] as const) {
    const host: FakeHost = { transact: () => ({ recipients: [statusOf(cause)], host: "ok" }) };
    const { openSession } = fakeNetwork({ "192.0.2.1": host });
    const made = await run(
      [hostAt(["192.0.2.1"], { convert: true })],
      { openSession, convert: refuse },
      work([0], BINARY),
    );
    assert.deepEqual(ends(made), ["failed 554 - -"]);
    assert.match(made.outcomes.get(0)?.status.text ?? "", /it cannot be turned into 7-bit: it is signed \(DKIM-Sig/);
  }
});

const DANE = { kind: "failed", cause: "bogus", detail: "no signature" } as const;
