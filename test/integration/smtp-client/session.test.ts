import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { before, test } from "node:test";
import { type Bytes, systemClock, utf8 } from "../../../src/base/mod.ts";
import { domain } from "../../../src/mail/mod.ts";
import * as gate from "../../../src/policy/mod.ts";
import type { NamePattern, Proceed, Rung } from "../../../src/policy/mod.ts";
import type { ClientSession, Outgoing, SessionFailure, Target } from "../../../src/smtp/client/mod.ts";
import { openSession, type SessionOptions, tcpDialer } from "../../../src/smtp/io/mod.ts";
import { openTrust, type TrustStore } from "../../../src/tls/io/mod.ts";
import { type TestCa, type TestCertificate, testCa } from "../../support/certificates.ts";
import { ManualClock } from "../../support/clock.ts";
import { brief, CONTENT, request } from "./dialogue.ts";
import { type Peer, type PeerOptions, startPeer } from "./peer.ts";

let ca: TestCa;
let good: TestCertificate;
let wrongName: TestCertificate;
let stranger: TestCertificate;
let trust: TrustStore;

before(async () => {
  ca = await testCa();
  good = await ca.issue(["mx.rook.example"]);
  wrongName = await ca.issue(["mx.pine.example"]);
  stranger = await (await testCa("Somebody else")).issue(["mx.rook.example"]);
  const opened = await openTrust({ kind: "pem", certificates: [ca.pem] });
  assert.ok(opened.ok);
  trust = opened.value;
});

const BASE = {
  kind: "proceed",
  sni: domain("mx.rook.example"),
  keys: "any",
  observe: [],
  policies: [],
  because: [],
} as const;
const MAY: Proceed = {
  ...BASE,
  floor: { kind: "any" },
  ladder: [{ kind: "tls", hello: "full" }, { kind: "plaintext" }],
};
const ENCRYPT: Proceed = { ...BASE, floor: { kind: "encrypted" }, ladder: [{ kind: "tls", hello: "full" }] };
const SECURE: Proceed = {
  ...ENCRYPT,
  floor: { kind: "authenticated", by: "webpki", names: ["mx.rook.example" as NamePattern] },
};
const TLS: Rung = { kind: "tls", hello: "full" };
const PLAIN: Rung = { kind: "plaintext" };

interface Attempt {
  readonly decision?: Proceed;
  readonly rung?: Rung;
  readonly mode?: Target["mode"];
  readonly options?: Partial<SessionOptions>;
}

function open(port: number, attempt: Attempt = {}): Promise<ClientSession | SessionFailure> {
  const target: Target = { host: "mx.rook.example", address: "127.0.0.1", port, mode: attempt.mode ?? "starttls" };
  return openSession(target, attempt.decision ?? MAY, attempt.rung ?? TLS, {
    hostname: "out.pine.example",
    trust,
    clock: systemClock,
    gate,
    ...attempt.options,
  });
}

async function opened(port: number, attempt: Attempt = {}): Promise<ClientSession> {
  const session = await open(port, attempt);
  if ("kind" in session) throw new Error(`${session.stage}: ${session.status.text}`);
  return session;
}

/** Where and how it failed, or that it did not. */
async function failing(peer: Peer, attempt: Attempt = {}): Promise<string> {
  const session = await open(peer.port, attempt);
  if (!("kind" in session)) {
    await session.quit();
    return "a session";
  }
  assert.equal(session.connected, true);
  assert.deepEqual(session.status.peer, { host: "mx.rook.example", address: "127.0.0.1" });
  return `${session.stage}: ${brief(session.status)}`;
}

function outgoing(blocks: readonly Bytes[] = [CONTENT], changes: Parameters<typeof request>[0] = {}): Outgoing {
  const size = blocks.reduce((sum, block) => sum + block.length, 0);
  const { content, ...rest } = changes;
  return {
    ...request({ ...rest, content: { size, ...content } }),
    async *open() {
      yield* blocks;
    },
  };
}

const OFFERS = ["PIPELINING", "8BITMIME", "STARTTLS"];
function tlsPeer(options: PeerOptions = {}): Promise<Peer> {
  return startPeer({ offers: OFFERS, certificate: good, ...options });
}

test("openSession: STARTTLS, then EHLO and the message inside TLS; QUIT ends it (RFC 3207 §4.2)", async () => {
  await using peer = await tlsPeer();
  const session = await opened(peer.port, { decision: SECURE });
  assert.equal(session.proof.kind === "tls" ? session.proof.session.version : "", "TLSv1.3");
  assert.equal(session.extensions.starttls, false);
  for (let round = 0; round < 2; round++) {
    const result = await session.send(outgoing(), SECURE);
    assert.ok("recipients" in result);
    assert.deepEqual(result.recipients.map(brief), ["250 2.6.0 remote-reply"]);
    assert.deepEqual([result.reusable, result.host], [true, "ok"]);
  }
  await session.quit();
  await peer.empty();
  assert.deepEqual(peer.lines, [
    "EHLO out.pine.example",
    "STARTTLS",
    "* EHLO out.pine.example",
    "* MAIL FROM:<ada@pine.example>",
    "* RCPT TO:<bo@rook.example>",
    "* DATA",
    "* MAIL FROM:<ada@pine.example>",
    "* RCPT TO:<bo@rook.example>",
    "* DATA",
    "* QUIT",
  ]);
  assert.deepEqual(peer.contents, ["Subject: x\r\n\r\n..hello\r\n", "Subject: x\r\n\r\n..hello\r\n"]);
  assert.equal(session.usable, false);
});

test("openSession: a peer that proves too little hears QUIT and nothing else inside TLS (RFC 3207 §4.1)", async () => {
  for (const certificate of [wrongName, stranger]) {
    await using peer = await tlsPeer({ certificate });
    assert.equal(await failing(peer, { decision: SECURE }), "verify: 451 4.7.5 tls-verify-failed");
    await peer.empty();
    assert.deepEqual(peer.lines, ["EHLO out.pine.example", "STARTTLS", "* QUIT"]);
    assert.equal(peer.connections.total, 1);
  }
});

test("openSession: session and failure tell the local address, which TLS reports name (RFC 8460 §4.4)", async () => {
  await using peer = await tlsPeer();
  const session = await opened(peer.port, { decision: SECURE });
  await session.quit();
  await using bad = await tlsPeer({ certificate: wrongName });
  const failure = await open(bad.port, { decision: SECURE });
  assert.deepEqual([session.from, failure.from], ["127.0.0.1", "127.0.0.1"]);
});

test("openSession: opportunistic TLS takes any certificate", async () => {
  for (const certificate of [wrongName, stranger]) {
    await using peer = await tlsPeer({ certificate });
    const session = await opened(peer.port, { decision: MAY });
    assert.equal(session.proof.kind, "tls");
    await session.quit();
  }
});

test("openSession: with a host that offers no STARTTLS the connection goes on in plaintext where the decision has that rung", async () => {
  await using bare = await startPeer({ offers: ["PIPELINING"] });
  const session = await opened(bare.port, { decision: MAY });
  assert.equal(session.proof.kind, "plaintext");
  const refused = await session.send(outgoing(), SECURE);
  assert.equal("kind" in refused ? refused.kind : "", "rejected");
  const result = await session.send(outgoing(), MAY);
  assert.ok("recipients" in result);
  assert.deepEqual(result.recipients.map(brief), ["250 2.6.0 remote-reply"]);
  await session.quit();
  assert.equal(bare.connections.total, 1);
  await using other = await startPeer({ offers: ["PIPELINING"] });
  const named = { ...MAY, floor: { kind: "encrypted" } } as const;
  assert.equal(await failing(other, { decision: named }), "starttls: 451 4.7.10 tls-not-offered");
});

test("openSession: after any trouble with TLS a connection is not spoken to in plaintext", async () => {
  await using bare = await startPeer({ offers: ["PIPELINING"] });
  assert.equal(await failing(bare, { decision: ENCRYPT }), "starttls: 451 4.7.10 tls-not-offered");
  await bare.empty();
  assert.deepEqual(bare.lines, ["EHLO out.pine.example", "QUIT"]);

  await using refusing = await tlsPeer({ answer: (line) => (line === "STARTTLS" ? "454 4.7.0 no" : undefined) });
  assert.equal(await failing(refusing), "starttls: 454 4.7.0 tls-unavailable");

  await using old = await tlsPeer({ answer: (line) => (line.startsWith("EHLO") ? "502 what" : undefined) });
  assert.equal(await failing(old), "starttls: 451 4.7.10 tls-not-offered");
  await old.empty();
  assert.deepEqual(old.lines, ["EHLO out.pine.example", "QUIT"]);

  const clock = new ManualClock();
  await using broken = await tlsPeer({ answer: (line) => (line === "STARTTLS" ? "220 go on" : undefined) });
  const dial = tcpDialer({ clock: systemClock });
  const handshake = failing(broken, { options: { clock, dial } });
  while (!broken.lines.includes("STARTTLS")) await settle();
  await settle();
  clock.advance(120_000);
  assert.equal(await handshake, "handshake: 451 4.7.5 tls-handshake-failed");
  await broken.empty();
});

test("openSession: octets injected behind the reply to STARTTLS end the connection (RFC 3207 §6)", async () => {
  for (const injected of ["250 peer.example\r\n", "250-peer", "\r"]) {
    await using peer = await tlsPeer({
      answer: (line) =>
        line === "STARTTLS" ? { kind: "tls", say: `220 go on\r\n${injected}`.slice(0, -2) } : undefined,
    });
    const found = await failing(peer);
    // What arrives only after the handshake began breaks that.
    assert.match(found, /^(?:starttls: 451 4\.5\.0 peer-protocol-error|handshake: 451 4\.7\.5 tls-handshake-failed)$/);
    await peer.empty();
    assert.equal(
      peer.lines.some((line) => line.startsWith("*") || line.startsWith("MAIL")),
      false,
    );
  }
});

test("openSession: TLS from the start, and never plaintext on such a port (RFC 8314 §3.3)", async () => {
  await using peer = await startPeer({ implicit: true, certificate: good, offers: ["PIPELINING"] });
  const session = await opened(peer.port, { decision: SECURE, mode: "implicit" });
  const result = await session.send(outgoing(), SECURE);
  assert.ok("recipients" in result);
  await session.quit();
  await peer.empty();
  assert.deepEqual(peer.lines.slice(0, 2), ["* EHLO out.pine.example", "* MAIL FROM:<ada@pine.example>"]);
  const refused = await open(peer.port, { mode: "implicit", rung: PLAIN });
  assert.ok("kind" in refused);
  assert.deepEqual([refused.stage, refused.connected], ["handshake", false]);
  await using other = await startPeer({ implicit: true, certificate: wrongName });
  assert.equal(await failing(other, { decision: SECURE, mode: "implicit" }), "verify: 451 4.7.5 tls-verify-failed");
  await other.empty();
  assert.deepEqual(other.lines, ["* QUIT"]);
});

test("openSession: the plaintext rung speaks plaintext where STARTTLS is offered, and is not dialled where it may not be", async () => {
  await using peer = await tlsPeer();
  const session = await opened(peer.port, { rung: PLAIN });
  assert.equal(session.proof.kind, "plaintext");
  await session.quit();
  const refused = await open(peer.port, { rung: PLAIN, decision: ENCRYPT });
  assert.ok("kind" in refused);
  assert.deepEqual([refused.stage, refused.connected, peer.connections.total], ["verify", false, 1]);
});

test("send: every message passes the gate; a session below its decision sends nothing", async () => {
  await using peer = await tlsPeer();
  const session = await opened(peer.port, { rung: PLAIN });
  for (const decision of [ENCRYPT, SECURE]) {
    const rejected = await session.send(outgoing(), decision);
    assert.equal("kind" in rejected ? rejected.kind : "", "rejected");
  }
  assert.deepEqual(peer.lines, ["EHLO out.pine.example"]);
  assert.ok("recipients" in (await session.send(outgoing(), MAY)));
  await session.quit();

  await using weak = await tlsPeer({ certificate: wrongName });
  const unproven = await opened(weak.port, { decision: ENCRYPT });
  const secure = await unproven.send(outgoing(), SECURE);
  assert.equal("kind" in secure ? secure.kind : "", "rejected");
  const requireTls = { level: "secure", propagate: true, because: [] } as const;
  const promise = await unproven.send(outgoing([CONTENT], { envelope: { demand: requireTls } }), ENCRYPT);
  assert.equal("status" in promise ? promise.status.enhanced : "", "5.7.30");
  assert.equal(weak.lines.at(-1), "* EHLO out.pine.example");
  await unproven.quit();
});

test("send: large content flows whole, inside TLS and without", async () => {
  await using peer = await tlsPeer();
  const line = `${".x".repeat(39)}\r\n`;
  const block = utf8(line.repeat(800));
  const blocks = Array.from({ length: 128 }, () => block);
  for (const rung of [TLS, PLAIN]) {
    const session = await opened(peer.port, { rung });
    const result = await session.send(outgoing(blocks), MAY);
    assert.ok("recipients" in result);
    assert.deepEqual(result.recipients.map(brief), ["250 2.6.0 remote-reply"]);
    await session.quit();
  }
  const expected = `.${line}`.repeat(800 * 128);
  assert.deepEqual(
    peer.contents.map((content) => content === expected),
    [true, true],
  );
});

test("send: a server that stops reading stops the source, and the block deadline ends it (RFC 5321 §4.5.3.2.5)", async () => {
  const clock = new ManualClock();
  let stop = false;
  await using peer = await startPeer({
    answer(line) {
      if (line !== "DATA") return undefined;
      stop = true;
      return "354 go on";
    },
  });
  const session = await opened(peer.port, { rung: PLAIN, options: { clock, dial: stalling(() => stop) } });
  const block = utf8(`${"x".repeat(70)}\r\n`.repeat(1000));
  const source = { pulled: 0, ended: false };
  const message: Outgoing = {
    ...request({ content: { size: block.length * 1000 } }),
    async *open() {
      try {
        for (; source.pulled < 1000; source.pulled++) yield block;
      } finally {
        source.ended = true;
      }
    },
  };
  const sending = session.send(message, MAY);
  while (source.pulled === 0) await settle();
  await settle();
  const taken = source.pulled;
  await settle();
  assert.equal(source.pulled, taken);
  assert.ok(taken < 5, `${taken} blocks were read ahead of the server`);
  clock.advance(180_000);
  const result = await sending;
  assert.ok("recipients" in result);
  assert.deepEqual([result.recipients.map(brief), result.reusable], [["451 4.4.2 timeout"], false]);
  assert.equal(session.usable, false);
  await settle();
  assert.equal(source.ended, true);
  assert.equal(clock.pending, 0);
});

/** A dialler whose sockets send nothing more, and never drain, once `stopped` says so. */
function stalling(stopped: () => boolean): NonNullable<SessionOptions["dial"]> {
  const dial = tcpDialer({ clock: systemClock });
  return async (target, signal) => {
    const socket = await dial(target, signal);
    const write = socket._write.bind(socket);
    socket._write = (chunk, encoding, done) => {
      if (!stopped()) write(chunk, encoding, done);
    };
    socket._writev = null as never;
    return socket;
  };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

test("send: content that cannot be read ends the connection without the final dot", async () => {
  await using peer = await startPeer();
  const session = await opened(peer.port, { rung: PLAIN });
  const message: Outgoing = {
    ...request({ content: { size: 1000 } }),
    async *open() {
      yield utf8("Subject: half\r\n");
      throw new Error("the disk is gone");
    },
  };
  const result = await session.send(message, MAY);
  assert.ok("recipients" in result);
  assert.deepEqual(result.recipients.map(brief), ["451 4.3.0 local-error"]);
  assert.match(result.recipients[0]?.text ?? "", /the disk is gone/);
  await peer.empty();
  assert.deepEqual(peer.contents, []);
});

test("send: called off in the middle, the connection ends and the message stays open", async () => {
  await using peer = await startPeer({ answer: (line) => (line === "." ? { kind: "silence" } : undefined) });
  const session = await opened(peer.port, { rung: PLAIN });
  const controller = new AbortController();
  const sending = session.send(outgoing(), MAY, controller.signal);
  while (peer.contents.length === 0) await settle();
  controller.abort();
  const result = await sending;
  assert.ok("recipients" in result);
  assert.deepEqual(result.recipients.map(brief), ["421 4.3.2 shutting-down"]);
  await peer.empty();
});

test("send: a session that the server closed while idle says so, and the message was not begun", async () => {
  await using peer = await startPeer({ answer: (line) => (line === "." ? "250 kept\r\n421 4.4.2 idle" : undefined) });
  const session = await opened(peer.port, { rung: PLAIN });
  const first = await session.send(outgoing(), MAY);
  assert.ok("recipients" in first);
  assert.deepEqual(first.recipients.map(brief), ["250 - remote-reply"]);
  while (session.usable === true) await settle();
  const second = await session.send(outgoing(), MAY);
  assert.ok("recipients" in second);
  assert.deepEqual([second.untouched, second.reusable, second.host], [true, false, "ok"]);
  await session.quit();
});

test("openSession: a greeting that never comes ends with its deadline (RFC 5321 §4.5.3.2.1)", async () => {
  const clock = new ManualClock();
  await using server = await silentServer();
  const attempt = open(server.port, { rung: PLAIN, options: { clock, dial: tcpDialer({ clock: systemClock }) } });
  while (clock.pending === 0) await settle();
  clock.advance(299_999);
  await settle();
  assert.equal(clock.pending, 1);
  clock.advance(1);
  const failure = await attempt;
  assert.ok("kind" in failure);
  assert.deepEqual([failure.stage, brief(failure.status)], ["greeting", "451 4.4.2 timeout"]);
  assert.equal(failure.status.text, "waited 300 s for the greeting");
});

test("openSession: called off while it waits for the greeting, or before it dials", async () => {
  await using server = await silentServer();
  const controller = new AbortController();
  const attempt = open(server.port, { rung: PLAIN, options: { signal: controller.signal } });
  await once(server.server, "connection");
  await settle();
  controller.abort();
  const failure = await attempt;
  assert.ok("kind" in failure);
  assert.match(`${failure.stage} ${failure.status.cause}`, /^(?:greeting shutting-down|connect connect-failed)$/);
  const second = await open(server.port, { rung: PLAIN, options: { signal: controller.signal } });
  assert.ok("kind" in second);
  assert.deepEqual([second.stage, second.connected], ["connect", false]);
});

test("dial: refused, timed out, no address: each says why, and nothing was connected", async () => {
  await using peer = await startPeer();
  const port = peer.port;
  await peer[Symbol.asyncDispose]();
  const refused = await open(port, { rung: PLAIN });
  assert.ok("kind" in refused);
  assert.deepEqual(
    [refused.stage, refused.connected, brief(refused.status)],
    ["connect", false, "451 4.4.1 connect-failed"],
  );
  assert.match(refused.status.text, /ECONNREFUSED/);
  const clock = new ManualClock();
  const dial = tcpDialer({ clock });
  const never = dial({ host: "x.example", address: "127.0.0.1", port, mode: "starttls" }, new AbortController().signal);
  clock.advance(30_000);
  await assert.rejects(never, /no connection to 127\.0\.0\.1 port \d+ within 30 s/);
  const named = dial({ host: "x.example", address: "localhost", port, mode: "starttls" }, new AbortController().signal);
  await assert.rejects(named, /"localhost" is no IP address/);
});

test("dial: from the local address of the target's family", async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer((socket) => {
    seen.push(socket.remoteAddress);
    socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const dial = tcpDialer({ clock: systemClock, source: ["::1", "127.0.0.9"] });
  const socket = await dial(
    { host: "x.example", address: "127.0.0.1", port: portOf(server), mode: "starttls" },
    new AbortController().signal,
  );
  await once(socket.on("error", () => undefined).resume(), "close");
  server.close();
  assert.deepEqual(seen, ["127.0.0.9"]);
});

async function silentServer(): Promise<{ readonly port: number; readonly server: Server } & AsyncDisposable> {
  const server = createServer((socket) => socket.on("error", () => undefined).resume());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: portOf(server),
    server,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
