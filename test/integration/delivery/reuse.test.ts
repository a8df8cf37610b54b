import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { newCa } from "../../../lab/certificates.ts";
import { domain } from "../../../src/mail/mod.ts";
import { localPolicies, namePattern } from "../../../src/policy/mod.ts";
import { openTrust } from "../../../src/tls/io/mod.ts";
import { untilGreeted } from "../../support/other-program.ts";
import { freePort } from "../../support/port.ts";
import { needs } from "../../support/programs.ts";
import { type Behaviour, type Peer, startPeer } from "./_peer.ts";
import { deliverAll, type Letter, type RunOptions } from "./_run.ts";

const ca = await newCa();
const opened = await openTrust({ kind: "pem", certificates: [ca.pem] });
assert.ok(opened.ok);
const trust = opened.value;
const certificate = await ca.issue(["mx.isp.example"]);

/** Two domains behind one host. */
const ZONE: RunOptions["zone"] = {
  "pine.example": { MX: [{ preference: 10, exchange: "mx.isp.example" }] },
  "oak.example": { MX: [{ preference: 10, exchange: "mx.isp.example" }] },
  "mx.isp.example": { A: ["192.0.2.1"] },
};

function letters(count: number, ...domains: readonly string[]): readonly Letter[] {
  return Array.from({ length: count }, (_, at) => ({
    to: [`bo@${domains[at % domains.length]}`],
    body: `Subject: ${at}\r\n\r\nthe canary sings\r\n`,
  }));
}

async function run(
  behaviour: Behaviour,
  what: readonly Letter[],
  more: Partial<RunOptions> = {},
): Promise<{ readonly peer: Peer; readonly delivered: number; readonly words: readonly string[] }> {
  await using peer = await startPeer(behaviour, certificate);
  const lines = await deliverAll(what, {
    trust,
    zone: ZONE,
    ports: { "192.0.2.1": peer.port },
    perDestination: 1,
    ...more,
  });
  const delivered = lines.filter((one) => one.outcome === "delivered").length;
  assert.deepEqual(
    [...peer.accepted].sort(),
    what
      .map(({ body }) => body)
      .slice(0, delivered)
      .sort(),
  );
  return { peer, delivered, words: [...new Set(lines.map((one) => one.tls))].sort() };
}

test("delivery over real sockets: twenty messages go over one TLS session; without reuse over twenty", async () => {
  const reused = await run("good", letters(20, "pine.example"));
  assert.deepEqual([reused.delivered, reused.peer.connections, reused.words], [20, 1, ["may:encrypted"]]);
  assert.equal(reused.peer.commands.filter((line) => line === "tls QUIT").length, 1);
  const alone = await run("good", letters(20, "pine.example"), { reuse: 0 });
  assert.deepEqual([alone.delivered, alone.peer.connections], [20, 20]);
});

test("delivery over real sockets: domains that ask for the same share a session, others never do (design law 3)", async () => {
  const both = letters(10, "pine.example", "oak.example");
  const same = await run("good", both, { concurrency: 1 });
  assert.deepEqual([same.delivered, same.peer.connections], [10, 1]);
  const mx = [namePattern(domain("mx.isp.example"))];
  const policies = localPolicies([{ destination: "oak.example", level: "secure", mx }]);
  const apart = await run("good", both, { concurrency: 1, policies });
  assert.deepEqual([apart.delivered, apart.peer.connections, apart.words], [10, 2, ["may:encrypted", "secure:webpki"]]);
  assert.equal(apart.peer.clear, "");
});

test("delivery over real sockets: a host that ends sessions early loses nothing and is sent nothing twice", async () => {
  for (const behaviour of ["drop-after-second", "third-mail-421"] as const) {
    const { delivered, peer } = await run(behaviour, letters(9, "pine.example"));
    assert.deepEqual([behaviour, delivered, peer.connections], [behaviour, 9, 5]);
  }
});

test("delivery over real sockets: a host without STARTTLS is spoken to in one session, one that breaks it is asked each time", async () => {
  const lacks = await run("no-starttls", letters(6, "pine.example"));
  assert.deepEqual([lacks.delivered, lacks.peer.connections, lacks.words], [6, 1, ["may:plaintext"]]);
  const broken = await run("starttls-454", letters(6, "pine.example"));
  assert.deepEqual([broken.delivered, broken.peer.connections, broken.words], [6, 12, ["may:plaintext"]]);
});

test("delivery over real sockets: what was lost after the final dot goes to no other host (RFC 5321 §4.5.3.2.6)", async () => {
  await using lost = await startPeer("drop-after-dot", certificate);
  await using backup = await startPeer("good", certificate);
  const zone: RunOptions["zone"] = {
    "pine.example": {
      MX: [
        { preference: 10, exchange: "mx.isp.example" },
        { preference: 20, exchange: "mx2.isp.example" },
      ],
    },
    "mx.isp.example": { A: ["192.0.2.1"] },
    "mx2.isp.example": { A: ["192.0.2.2"] },
  };
  const ports = { "192.0.2.1": lost.port, "192.0.2.2": backup.port };
  const lines = await deliverAll(letters(1, "pine.example"), { trust, zone, ports });
  assert.deepEqual(
    lines.map((one) => `${one.outcome} ${one.enhanced} ${one.host}`),
    ["deferred 4.4.2 mx.isp.example"],
  );
  assert.deepEqual([lost.connections, backup.connections], [1, 0]);
});

test("delivery over real sockets: a host that is not there costs the patience alone while another one is (RFC 8305 §5)", async () => {
  await using there = await startPeer("good", certificate);
  const zone: RunOptions["zone"] = { ...ZONE, "mx.isp.example": { A: ["192.0.2.9", "192.0.2.1"] } };
  const ports = { "192.0.2.1": there.port };
  const begun = performance.now();
  const lines = await deliverAll(letters(1, "pine.example"), {
    trust,
    zone,
    ports,
    holes: ["192.0.2.9"],
    patience: 300,
  });
  const took = performance.now() - begun;
  assert.deepEqual(
    lines.map((one) => `${one.outcome} ${one.address}`),
    ["delivered 192.0.2.1"],
  );
  // A dial that went to the end of its own time would take a minute.
  assert.ok(took >= 300 && took < 30_000, `${took}`);
});

test("delivery to Postfix's smtp-sink: 300 messages to one domain over no more sessions than the limits allow", {
  skip: needs("smtp-sink"),
}, async () => {
  const port = await freePort();
  // Root may not run it as itself.
  const as = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  const sink = spawn("smtp-sink", [...as, "-c", `127.0.0.1:${port}`, "100"], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  sink.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString("latin1");
  });
  try {
    await untilGreeted({ name: "smtp-sink", port }, () => sink.exitCode);
    const lines = await deliverAll(letters(300, "pine.example"), {
      trust,
      zone: ZONE,
      ports: { "192.0.2.1": port },
      perDestination: 5,
    });
    assert.equal(lines.filter((one) => one.outcome === "delivered" && one.tls === "may:plaintext").length, 300);
    // Its own counters; one session is our look whether it is up; a session takes 100 messages.
    const [sessions, messages] = await counted(sink, 300, () => said);
    assert.equal(messages, 300);
    assert.ok(sessions >= 4 && sessions <= 1 + 10, said);
  } finally {
    if (sink.exitCode === null) {
      sink.kill("SIGTERM");
      await once(sink, "exit");
    }
  }
});

/** What smtp-sink has counted, once it has that many messages: it tells after it has answered. */
async function counted(sink: ChildProcess, goal: number, said: () => string): Promise<readonly [number, number]> {
  for (;;) {
    const [, sessions = 0, messages = 0] = ([...said().matchAll(COUNTERS)].at(-1) ?? []).map(Number);
    if (messages >= goal) return [sessions, messages];
    if (sink.stdout === null || sink.exitCode !== null) throw new Error(said());
    await once(sink.stdout, "data");
  }
}

const COUNTERS = /sess=\s*(\d+) quit=\s*\d+ mesg=\s*(\d+)\s/g;
