import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ACCEPTED,
  type FakeFailure,
  type FakeHost,
  type FakeNetwork,
  fakeNetwork,
  replied,
} from "../../test/support/sessions.ts";
import { utf8 } from "../base/mod.ts";
import { domain, type Envelope, NO_DEMAND, type TlsDemand } from "../mail/mod.ts";
import { decide } from "../policy/mod.ts";
import type { Stage } from "../smtp/client/mod.ts";
import { statusOf } from "../status/mod.ts";
import { attemptHosts, type Attempt } from "./attempt.ts";
import type { PlannedHost, RuledOut } from "./plan.ts";

const REQUIRETLS: TlsDemand = { level: "secure", propagate: true, because: [] };

function envelope(count: number, demand: TlsDemand = NO_DEMAND): Envelope {
  return {
    reversePath: { kind: "mailbox", mailbox: { localPart: "ada", domain: domain("rook.example") } },
    recipients: Array.from({ length: count }, (_, at) => ({
      mailbox: { localPart: `u${at}`, domain: domain("pine.example") },
    })),
    body: "7bit",
    smtpUtf8: false,
    dsn: {},
    demand,
    origin: { kind: "local" },
    content: { size: 3, eightBit: false, bareCrLf: false, nul: false, endsInCrlf: true, longestLine: 1 },
  };
}

/** Hosts a.example, b.example, …, one after the other, each with these addresses. */
function hosts(
  addresses: readonly (readonly string[])[],
  level: TlsDemand["level"],
  demand = NO_DEMAND,
): readonly PlannedHost[] {
  return addresses.map((list, at) => {
    const name = `${"abcdef"[at]}.example`;
    const host = { name, literal: false, port: 25, mode: "starttls", learnt: "mx", mxSecurity: "secure" } as const;
    const local = { destination: "pine.example", level };
    const decision = decide({ destination: "pine.example", host, local, now: 0 }, demand);
    assert.ok(decision.kind === "proceed");
    return { kind: "dial", host, addresses: list, decision };
  });
}

interface Case {
  readonly hosts?: readonly (PlannedHost | RuledOut)[];
  readonly network: Readonly<Record<string, FakeHost>>;
  readonly level?: TlsDemand["level"];
  readonly demand?: TlsDemand;
  readonly recipients?: number;
}

async function attempt(one: Case): Promise<{ log: FakeNetwork["log"]; outcomes: readonly string[] }> {
  const { level = "may", demand = NO_DEMAND, recipients = 1 } = one;
  const network = fakeNetwork(one.network);
  const made: Attempt = await attemptHosts(
    one.hosts ??
      hosts(
        Object.keys(one.network).map((address) => [address]),
        level,
        demand,
      ),
    {
      envelope: envelope(recipients, demand),
      recipients: Array.from({ length: recipients }, (_, at) => at),
      async *open() {
        yield await Promise.resolve(utf8("x\r\n"));
      },
    },
    { openSession: network.openSession },
  );
  await made.closing;
  const outcomes = [...made.outcomes]
    .sort(([left], [right]) => left - right)
    .map(([, { end, status, via }]) => `${end} ${status.code} ${status.enhanced ?? "-"} ${via.tls} ${via.host ?? "-"}`);
  return { log: network.log, outcomes };
}

/** Which connections follow a failure, by stage of the first rung and level: the ladder, compared whole. */
test("attemptHosts: rungs after a failure at each stage, for each level", async () => {
  const stages: readonly Stage[] = [
    "connect",
    "greeting",
    "hello",
    "starttls",
    "handshake",
    "verify",
    "second-hello",
    "auth",
  ];
  const rows: string[][] = [];
  for (const level of ["may", "encrypt", "secure"] as const) {
    for (const stage of stages) {
      const { log, outcomes } = await attempt({
        level,
        network: { "192.0.2.1": { fails: { full: stage, small: stage } } },
      });
      rows.push([
        level,
        stage,
        log.map((line) => line.slice("192.0.2.1 ".length).split(" ")[0]).join(" "),
        outcomes.join(),
      ]);
    }
  }
  assert.deepEqual(rows, [
    ["may", "connect", "full", "deferred 451 4.4.1 may:!connect a.example"],
    ["may", "greeting", "full", "deferred 451 4.4.2 may:!greeting a.example"],
    ["may", "hello", "full", "deferred 451 4.4.2 may:!hello a.example"],
    ["may", "starttls", "full plaintext plaintext plaintext", "delivered 250 2.6.0 may:plaintext a.example"],
    ["may", "handshake", "full small plaintext plaintext plaintext", "delivered 250 2.6.0 may:plaintext a.example"],
    ["may", "verify", "full", "deferred 451 4.7.5 may:!verify a.example"],
    ["may", "second-hello", "full small plaintext plaintext plaintext", "delivered 250 2.6.0 may:plaintext a.example"],
    ["may", "auth", "full", "deferred 451 4.7.8 may:!auth a.example"],
    ["encrypt", "connect", "full", "deferred 451 4.4.1 encrypt:!connect a.example"],
    ["encrypt", "greeting", "full", "deferred 451 4.4.2 encrypt:!greeting a.example"],
    ["encrypt", "hello", "full", "deferred 451 4.4.2 encrypt:!hello a.example"],
    ["encrypt", "starttls", "full", "deferred 451 4.7.10 encrypt:!starttls a.example"],
    ["encrypt", "handshake", "full small", "deferred 451 4.7.5 encrypt:!handshake a.example"],
    ["encrypt", "verify", "full", "deferred 451 4.7.5 encrypt:!verify a.example"],
    ["encrypt", "second-hello", "full small", "deferred 451 4.4.2 encrypt:!second-hello a.example"],
    ["encrypt", "auth", "full", "deferred 451 4.7.8 encrypt:!auth a.example"],
    ["secure", "connect", "full", "deferred 451 4.4.1 secure:!connect a.example"],
    ["secure", "greeting", "full", "deferred 451 4.4.2 secure:!greeting a.example"],
    ["secure", "hello", "full", "deferred 451 4.4.2 secure:!hello a.example"],
    ["secure", "starttls", "full", "deferred 451 4.7.10 secure:!starttls a.example"],
    ["secure", "handshake", "full small", "deferred 451 4.7.5 secure:!handshake a.example"],
    ["secure", "verify", "full", "deferred 451 4.7.5 secure:!verify a.example"],
    ["secure", "second-hello", "full small", "deferred 451 4.4.2 secure:!second-hello a.example"],
    ["secure", "auth", "full", "deferred 451 4.7.8 secure:!auth a.example"],
  ]);
});

test("attemptHosts: a session that reaches what was wanted says so", async () => {
  const words = await Promise.all(
    (["may", "encrypt", "secure"] as const).map(
      async (level) => (await attempt({ level, network: { "192.0.2.1": {} } })).outcomes,
    ),
  );
  assert.deepEqual(words.flat(), [
    "delivered 250 2.6.0 may:encrypted a.example",
    "delivered 250 2.6.0 encrypt:encrypted a.example",
    "delivered 250 2.6.0 secure:webpki a.example",
  ]);
});

test("attemptHosts: the next address, then the next host (RFC 5321 §5.1)", async () => {
  const { log, outcomes } = await attempt({
    network: { "192.0.2.3": {} },
    hosts: hosts([["192.0.2.1", "192.0.2.2"], ["192.0.2.3"], ["192.0.2.4"]], "may"),
  });
  assert.deepEqual(log, [
    "192.0.2.1 full",
    "192.0.2.2 full",
    "192.0.2.3 full",
    "192.0.2.3 full MAIL u0@pine.example",
    "192.0.2.3 full QUIT",
  ]);
  assert.deepEqual(outcomes, ["delivered 250 2.6.0 may:encrypted b.example"]);
});

/** What each kind of answer leads to: whether the next host is tried, and how it ends. */
test("attemptHosts: answers to a transaction, compared whole (RFC 5321 §4.2.1)", async () => {
  const answers = {
    "2yz": { recipients: [ACCEPTED] },
    "5yz for the recipient": { recipients: [replied(550, "no", "5.1.1")] },
    "5yz for the message": { recipients: [replied(554, "no")], host: "ok" },
    "4yz for the recipient": { recipients: [replied(450, "greylisted", "4.2.0")] },
    "4yz to MAIL": { recipients: [replied(451, "busy")], host: "failed" },
    "a 421": { recipients: [replied(421, "bye", "4.3.2")], host: "failed", reusable: false },
    "lost before the dot": { recipients: [statusOf("connection-lost")], host: "failed", reusable: false },
    "lost after the dot": {
      recipients: [statusOf("connection-lost")],
      host: "failed",
      reusable: false,
      afterDot: true,
    },
  } as const;
  const rows = await Promise.all(
    Object.entries(answers).map(async ([name, answer]) => {
      const { log, outcomes } = await attempt({
        network: { "192.0.2.1": { transact: () => answer }, "192.0.2.2": {} },
      });
      return [name, log.includes("192.0.2.2 full"), ...outcomes];
    }),
  );
  assert.deepEqual(rows, [
    ["2yz", false, "delivered 250 2.6.0 may:encrypted a.example"],
    ["5yz for the recipient", false, "failed 550 5.1.1 may:encrypted a.example"],
    ["5yz for the message", false, "failed 554 - may:encrypted a.example"],
    ["4yz for the recipient", false, "deferred 450 4.2.0 may:encrypted a.example"],
    ["4yz to MAIL", true, "delivered 250 2.6.0 may:encrypted b.example"],
    ["a 421", true, "delivered 250 2.6.0 may:encrypted b.example"],
    ["lost before the dot", true, "delivered 250 2.6.0 may:encrypted b.example"],
    ["lost after the dot", false, "deferred 451 4.4.2 may:encrypted a.example"],
  ]);
});

test("attemptHosts: recipients are decided one by one, and only the undecided go to the next host", async () => {
  const first = [ACCEPTED, replied(550, "no"), replied(421, "bye"), replied(421, "bye")];
  const { log, outcomes } = await attempt({
    recipients: 4,
    network: {
      "192.0.2.1": { transact: () => ({ recipients: first, host: "failed", reusable: false }) },
      "192.0.2.2": { transact: () => ({ recipients: [ACCEPTED, replied(450, "later")] }) },
    },
  });
  assert.deepEqual(log, [
    "192.0.2.1 full",
    "192.0.2.1 full MAIL u0@pine.example u1@pine.example u2@pine.example u3@pine.example",
    "192.0.2.1 full QUIT",
    "192.0.2.2 full",
    "192.0.2.2 full MAIL u2@pine.example u3@pine.example",
    "192.0.2.2 full QUIT",
  ]);
  assert.deepEqual(outcomes, [
    "delivered 250 2.6.0 may:encrypted a.example",
    "failed 550 - may:encrypted a.example",
    "delivered 250 2.6.0 may:encrypted b.example",
    "deferred 450 - may:encrypted b.example",
  ]);
});

test("attemptHosts: the last host's failure keeps the temporary answer that a recipient got", async () => {
  const { outcomes } = await attempt({
    network: {
      "192.0.2.1": { transact: () => ({ recipients: [replied(451, "busy", "4.3.2")], host: "failed" }) },
      "192.0.2.2": { fails: { full: "connect" } },
    },
  });
  assert.deepEqual(outcomes, ["deferred 451 4.3.2 may:encrypted a.example"]);
});

test("attemptHosts: a hundred recipients at a time, in one session while it may be used (RFC 5321 §4.5.3.1.8)", async () => {
  const { log, outcomes } = await attempt({ recipients: 250, network: { "192.0.2.1": {} } });
  assert.deepEqual(
    log.map((line) => line.split(" ").length - 3),
    [-1, 100, 100, 50, 0],
  );
  assert.equal(outcomes.filter((line) => line.startsWith("delivered")).length, 250);
});

test("attemptHosts: a session that may not be used again is followed by another", async () => {
  const { log, outcomes } = await attempt({
    recipients: 150,
    network: {
      "192.0.2.1": { transact: ({ recipients }) => ({ recipients: recipients.map(() => ACCEPTED), reusable: false }) },
    },
  });
  assert.equal(log.filter((line) => line === "192.0.2.1 full").length, 2);
  assert.equal(outcomes.filter((line) => line.startsWith("delivered")).length, 150);
});

test("attemptHosts: a session that ended before it was asked is followed by another, a dead one by the next host", async () => {
  const over = { recipients: [statusOf("connection-lost")], reusable: false, host: "ok", untouched: true } as const;
  let sent = 0;
  const ends: FakeHost = {
    transact: ({ recipients }) => (++sent === 2 ? over : { recipients: recipients.map(() => ACCEPTED) }),
  };
  const between = await attempt({ recipients: 150, network: { "192.0.2.1": ends } });
  assert.ok(between.outcomes.every((line) => line.startsWith("delivered")));
  assert.equal(between.log.filter((line) => line === "192.0.2.1 full").length, 2);
  const dead = await attempt({ network: { "192.0.2.1": { transact: () => over }, "192.0.2.2": {} } });
  assert.deepEqual(dead.outcomes, ["delivered 250 2.6.0 may:encrypted b.example"]);
  const alone = await attempt({ network: { "192.0.2.1": { transact: () => over } } });
  assert.deepEqual(alone.outcomes, ["deferred 451 4.4.2 may:encrypted a.example"]);
});

test("attemptHosts: what was too many for one transaction goes in the next, and no headway ends it (RFC 5321 §4.5.3.1.10)", async () => {
  const tooMany = replied(452, "too many", "4.5.3");
  const limited = await attempt({
    recipients: 5,
    network: {
      "192.0.2.1": {
        transact: ({ recipients }) => ({ recipients: recipients.map((_, at) => (at < 2 ? ACCEPTED : tooMany)) }),
      },
    },
  });
  assert.equal(limited.log.filter((line) => line.includes("MAIL")).length, 3);
  assert.ok(limited.outcomes.every((line) => line.startsWith("delivered")));
  const stuck = await attempt({ network: { "192.0.2.1": { transact: () => ({ recipients: [tooMany] }) } } });
  assert.deepEqual(stuck.outcomes, ["deferred 452 4.5.3 may:encrypted a.example"]);
  assert.equal(stuck.log.filter((line) => line.includes("MAIL")).length, 1);
});

test("attemptHosts: a greeting that refuses for good counts only when every host gives one (RFC 7504 §3)", async () => {
  const refuses = { fails: { full: { stage: "greeting", status: replied(554, "no mail here") } } } as const;
  const both = await attempt({ network: { "192.0.2.1": refuses, "192.0.2.2": refuses } });
  const one = await attempt({ network: { "192.0.2.1": refuses, "192.0.2.2": { fails: { full: "connect" } } } });
  const other = await attempt({ network: { "192.0.2.1": refuses, "192.0.2.2": {} } });
  assert.deepEqual(
    [both, one, other].map(({ outcomes }) => outcomes.join()),
    [
      "failed 554 - may:!greeting a.example",
      "deferred 451 - may:!greeting a.example",
      "delivered 250 2.6.0 may:encrypted b.example",
    ],
  );
});

test("attemptHosts: a greeting in the clear returns no mail that needs TLS, one inside TLS from the start does (RFC 7504 §3, RFC 3207 §6)", async () => {
  const network = {
    "192.0.2.1": {
      fails: { full: { stage: "greeting", status: replied(554, "go away") } },
    } as const,
  };
  const ends: string[] = [];
  for (const level of ["may", "encrypt", "secure"] as const) {
    const [clear] = hosts([["192.0.2.1"]], level);
    assert.ok(clear);
    const inside: PlannedHost = { ...clear, host: { ...clear.host, mode: "implicit" } };
    for (const one of [clear, inside]) ends.push(...(await attempt({ network, hosts: [one] })).outcomes);
  }
  assert.deepEqual(ends, [
    "failed 554 - may:!greeting a.example",
    "failed 554 - may:!greeting a.example",
    "deferred 451 - encrypt:!greeting a.example",
    "failed 554 - encrypt:!greeting a.example",
    "deferred 451 - secure:!greeting a.example",
    "failed 554 - secure:!greeting a.example",
  ]);
});

test("attemptHosts: REQUIRETLS fails at once when no host keeps it, and waits while one was only unreachable (RFC 8689 §4.2.1)", async () => {
  const lacks: FakeHost = { transact: () => ({ recipients: [statusOf("requiretls-unsupported")], host: "failed" }) };
  const cases: readonly (readonly [FakeHost, FakeHost])[] = [
    [lacks, lacks],
    [{ fails: { full: "starttls" } }, { fails: { full: "verify" } }],
    [{ fails: { full: "starttls" } }, lacks],
    [lacks, { fails: { full: "connect" } }],
    [lacks, {}],
  ];
  const ends = await Promise.all(
    cases.map(async ([first, second]) => {
      const network = { "192.0.2.1": first, "192.0.2.2": second };
      return (await attempt({ network, demand: REQUIRETLS })).outcomes.join();
    }),
  );
  assert.deepEqual(ends, [
    "failed 550 5.7.30 secure:!requiretls a.example",
    "failed 550 5.7.10 secure:!starttls a.example",
    "failed 550 5.7.30 secure:!requiretls b.example",
    "deferred 451 4.7.30 secure:!requiretls a.example",
    "delivered 250 2.6.0 secure:webpki b.example",
  ]);
});

test("attemptHosts: where REQUIRETLS is taken as less, nothing fails at once for want of it", async () => {
  const [planned] = hosts([["192.0.2.1"]], "secure", REQUIRETLS);
  assert.ok(planned !== undefined);
  const work = {
    envelope: envelope(1, REQUIRETLS),
    recipients: [0],
    async *open() {
      yield await Promise.resolve(utf8("x\r\n"));
    },
  };
  const ends: unknown[] = [];
  for (const requireTls of ["enforce", "encrypt", "opportunistic"] as const) {
    const { openSession } = fakeNetwork({ "192.0.2.1": { fails: { full: "verify" } } });
    const { outcomes } = await attemptHosts([planned], work, { openSession, taking: { requireTls } });
    ends.push(outcomes.get(0)?.end);
  }
  assert.deepEqual(ends, ["failed", "deferred", "deferred"]);
});

test("attemptHosts: hosts that were ruled out are passed over, and alone decide how it ends", async () => {
  const [first, second] = hosts([["192.0.2.1"], ["192.0.2.2"]], "may");
  assert.ok(first !== undefined && second !== undefined);
  const out: RuledOut = {
    kind: "out",
    outcome: { host: "a.example", why: "unreachable", status: statusOf("dns-failure") },
    decision: first.decision,
  };
  const network = { "192.0.2.2": {} };
  assert.deepEqual((await attempt({ network, hosts: [out, second] })).outcomes, [
    "delivered 250 2.6.0 may:encrypted b.example",
  ]);
  assert.deepEqual((await attempt({ network, hosts: [out] })).outcomes, ["deferred 451 4.4.3 may:!dns a.example"]);
});

test("attemptHosts: addresses beyond a bound wait for the next attempt", async () => {
  const list = Array.from({ length: 30 }, (_, at) => `192.0.2.${at + 1}`);
  const { log } = await attempt({ network: {}, hosts: hosts([list], "may") });
  assert.equal(log.length, 12);
});

test("attemptHosts: nothing is final while hosts are left, for the bound or for an abort (RFC 8689 §4.2.1, RFC 7504 §3)", async () => {
  const list = Array.from({ length: 13 }, (_, at) => `192.0.2.${at + 1}`);
  const ends: string[] = [];
  const failures: readonly FakeFailure[] = [
    "starttls",
    { stage: "greeting", status: replied(554, "no mail here", "5.7.1") },
  ];
  for (const failure of failures) {
    const network = Object.fromEntries(list.map((address) => [address, { fails: { full: failure } }]));
    for (const count of [12, 13]) {
      const some = hosts([list.slice(0, count)], "may", REQUIRETLS);
      ends.push((await attempt({ network, hosts: some, demand: REQUIRETLS })).outcomes.join());
    }
    const stop = new AbortController();
    const { openSession } = fakeNetwork(network);
    const made = await attemptHosts(
      hosts([["192.0.2.1"]], "may", REQUIRETLS),
      { envelope: envelope(1, REQUIRETLS), recipients: [0], open: () => assert.fail("not to be read") },
      { signal: stop.signal, openSession: (...call) => (stop.abort(), openSession(...call)) },
    );
    ends.push(`stopped: ${made.outcomes.get(0)?.end}`);
  }
  assert.deepEqual(ends, [
    "failed 550 5.7.10 secure:!starttls a.example",
    "deferred 451 4.7.10 secure:!starttls a.example",
    "stopped: deferred",
    "failed 554 5.7.1 secure:!greeting a.example",
    "deferred 451 4.7.1 secure:!greeting a.example",
    "stopped: deferred",
  ]);
});

test("attemptHosts: an abort ends the walk", async () => {
  const stop = new AbortController();
  const network = fakeNetwork({});
  const made = await attemptHosts(
    hosts([["192.0.2.1", "192.0.2.2"]], "may"),
    { envelope: envelope(1), recipients: [0], open: () => assert.fail("not to be read") },
    {
      signal: stop.signal,
      openSession: (...call) => {
        stop.abort();
        return network.openSession(...call);
      },
    },
  );
  assert.equal(network.log.length, 1);
  assert.equal(made.outcomes.get(0)?.end, "deferred");
});
