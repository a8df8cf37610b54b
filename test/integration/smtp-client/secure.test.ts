import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { connect, type Server, createServer as createTlsServer, type TLSSocket } from "node:tls";
import { systemClock } from "../../../src/base/mod.ts";
import { domain, NO_DEMAND, type TlsDemand } from "../../../src/mail/mod.ts";
import * as gate from "../../../src/policy/mod.ts";
import type { NamePattern, Proceed, Rung } from "../../../src/policy/mod.ts";
import type { ClientSession, Outgoing, SessionFailure, Target } from "../../../src/smtp/client/mod.ts";
import { openSession, type SessionOptions, tcpDialer } from "../../../src/smtp/io/mod.ts";
import { openTrust, type TrustStore } from "../../../src/tls/io/mod.ts";
import { type TestCertificate, testCa } from "../../support/certificates.ts";
import { ManualClock } from "../../support/clock.ts";
import { mint, rsaKeys, toPem } from "../../support/mint.ts";
import { brief, CONTENT, LOGIN, request } from "./dialogue.ts";
import { type Peer, type PeerOptions, startPeer } from "./peer.ts";

let good: TestCertificate;
let wrongName: TestCertificate;
let trust: TrustStore;

before(async () => {
  const ca = await testCa();
  good = await ca.issue(["mx.rook.example"]);
  wrongName = await ca.issue(["mx.pine.example"]);
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
const WEBPKI = { kind: "authenticated", by: "webpki", names: ["mx.rook.example" as NamePattern] } as const;
const SECURE: Proceed = { ...BASE, keys: "ephemeral", floor: WEBPKI, ladder: [{ kind: "tls", hello: "full" }] };
const TLS: Rung = { kind: "tls", hello: "full" };
const PLAIN: Rung = { kind: "plaintext" };
const PLAIN_LOGIN = Buffer.from(`\0${LOGIN.user}\0${LOGIN.password}`).toString("base64");

interface Attempt {
  readonly decision?: Proceed;
  readonly rung?: Rung;
  readonly target?: Partial<Target>;
  readonly options?: Partial<SessionOptions>;
}

/** The peer is on loopback, but dialled under an address that is not, so that it is no local one. */
function open(peer: { readonly port: number }, attempt: Attempt = {}): Promise<ClientSession | SessionFailure> {
  const dial = tcpDialer({ clock: systemClock });
  const { port } = peer;
  const target: Target = { host: "mx.rook.example", address: "192.0.2.7", port, mode: "starttls", ...attempt.target };
  return openSession(target, attempt.decision ?? SECURE, attempt.rung ?? TLS, {
    hostname: "out.pine.example",
    trust,
    clock: systemClock,
    gate,
    dial: ({ host, mode }, signal) => dial({ host, mode, port, address: "127.0.0.1" }, signal),
    ...attempt.options,
  });
}

async function opened(...asked: Parameters<typeof open>): Promise<ClientSession> {
  const session = await open(...asked);
  if ("kind" in session) throw new Error(`${session.stage}: ${session.status.text}`);
  return session;
}

async function failed(...asked: Parameters<typeof open>): Promise<SessionFailure> {
  const session = await open(...asked);
  if (!("kind" in session)) throw new Error("a session came about");
  return session;
}

function credentials(password: () => Promise<string> = async () => LOGIN.password): Partial<Target> {
  return { credentials: { user: LOGIN.user, password } };
}

function outgoing(envelope: Partial<Outgoing["envelope"]> = {}): Outgoing {
  return {
    ...request({ envelope }),
    async *open() {
      yield CONTENT;
    },
  };
}

const OFFERS = ["PIPELINING", "STARTTLS", "DSN", "AUTH PLAIN LOGIN"];
function tlsPeer(options: PeerOptions = {}): Promise<Peer> {
  return startPeer({ offers: OFFERS, certificate: good, ...options });
}

test("AUTH: inside verified TLS, after the second EHLO, once for a session (RFC 4954 §4)", async () => {
  await using peer = await tlsPeer({ answer: (line) => (line.startsWith("AUTH ") ? "235 2.7.0 welcome" : undefined) });
  let asked = 0;
  const target = credentials(async () => {
    asked++;
    return LOGIN.password;
  });
  const session = await opened(peer, { target });
  for (let round = 0; round < 2; round++) {
    const result = await session.send(outgoing(), SECURE);
    assert.ok("recipients" in result);
    assert.deepEqual(result.recipients.map(brief), ["250 2.6.0 remote-reply"]);
  }
  await session.quit();
  await peer.empty();
  assert.deepEqual(peer.lines.slice(0, 5), [
    "EHLO out.pine.example",
    "STARTTLS",
    "* EHLO out.pine.example",
    `* AUTH PLAIN ${PLAIN_LOGIN}`,
    "* MAIL FROM:<ada@pine.example>",
  ]);
  assert.equal(asked, 1);
  assert.equal(peer.lines.filter((line) => line.includes("AUTH")).length, 1);
  assert.equal(JSON.stringify([session.extensions, session.proof.findings]).includes(LOGIN.password), false);
});

test("AUTH: a host that has not proved who it is gets QUIT and never a login (RFC 4954 §9)", async () => {
  let asked = 0;
  const target = credentials(async () => {
    asked++;
    return LOGIN.password;
  });
  await using peer = await tlsPeer({ certificate: wrongName });
  const unproved = await failed(peer, { target, decision: MAY });
  assert.deepEqual(
    [unproved.stage, brief(unproved.status), unproved.connected],
    ["auth", "454 4.7.0 login-failed", true],
  );
  await peer.empty();
  assert.deepEqual(peer.lines, ["EHLO out.pine.example", "STARTTLS", "* QUIT"]);
  const wrong = await failed(peer, { target });
  assert.deepEqual([wrong.stage, wrong.tls?.result], ["verify", "validation-failure"]);
  const before = peer.connections.total;
  const plain = await failed(peer, { target, decision: MAY, rung: PLAIN });
  assert.deepEqual([plain.stage, plain.connected, plain.tls], ["auth", false, undefined]);
  assert.deepEqual([asked, peer.connections.total], [0, before]);
});

test("AUTH: whoever hides STARTTLS gets no login, though the decision has a rung in plaintext (RFC 4954 §4, §9)", async () => {
  await using peer = await startPeer({ offers: ["AUTH PLAIN LOGIN"] });
  const target = credentials(() => assert.fail("asked for the password"));
  const stripped = await failed(peer, { target, decision: MAY });
  assert.deepEqual([stripped.stage, stripped.status.cause], ["starttls", "tls-not-offered"]);
  await peer.empty();
  assert.deepEqual(
    peer.lines.filter((line) => line.startsWith("AUTH")),
    [],
  );
});

test("AUTH: this machine needs no TLS, by loopback address or unix socket", async () => {
  const answer: PeerOptions["answer"] = (line) => (line.startsWith("AUTH ") ? "235 2.7.0 welcome" : undefined);
  await using peer = await startPeer({ offers: OFFERS, answer });
  const verdicts: (readonly [string, boolean])[] = [];
  for (const address of ["127.0.0.1", "127.1.2.3", "::1", "192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7"]) {
    const session = await open(peer, { target: { ...credentials(), address }, decision: MAY, rung: PLAIN });
    verdicts.push([address, !("kind" in session)]);
    if (!("kind" in session)) await session.quit();
  }
  const socket = await open(peer, { target: { ...credentials(), path: "/x" }, decision: MAY, rung: PLAIN });
  verdicts.push(["/x", !("kind" in socket)]);
  if (!("kind" in socket)) await socket.quit();
  assert.deepEqual(verdicts, [
    ["127.0.0.1", true],
    ["127.1.2.3", true],
    ["::1", true],
    ["192.0.2.7", false],
    ["2001:db8::1", false],
    ["::ffff:192.0.2.7", false],
    ["/x", true],
  ]);
});

test("AUTH: refused, repeated to us, or without a password: temporary, and no secret in what is reported", async () => {
  const cases: readonly (readonly [string, (() => Promise<string>) | undefined, string])[] = [
    [`535 5.7.8 ${PLAIN_LOGIN} ${LOGIN.password}`, undefined, "auth: 454 4.7.8 login-failed"],
    [`AUTH ${PLAIN_LOGIN}`, undefined, "auth: 451 4.5.0 peer-protocol-error"],
    [`421 4.7.0 ${LOGIN.password}`, undefined, "auth: 421 4.7.0 remote-reply"],
    ["235 2.7.0 ok", () => Promise.reject(new Error("ENOENT: no such file")), "auth: 451 4.3.0 local-error"],
    ["235 2.7.0 ok", async () => "", "auth: 454 4.7.0 login-failed"],
  ];
  const found: string[] = [];
  for (const [said, password] of cases) {
    await using peer = await tlsPeer({ answer: (line) => (line.startsWith("AUTH ") ? said : undefined) });
    const failure = await failed(peer, { target: credentials(password) });
    found.push(`${failure.stage}: ${brief(failure.status)}`);
    const kept = JSON.stringify(failure);
    for (const secret of [LOGIN.password, PLAIN_LOGIN]) assert.equal(kept.includes(secret), false, kept);
  }
  assert.deepEqual(
    found,
    cases.map(([, , expected]) => expected),
  );
});

const REQUIRED: TlsDemand = { level: "secure", propagate: true, because: [] };

test("REQUIRETLS: asked for exactly where the message has it and the host promises it, with headers alone to come back (RFC 8689 §4.2.1, §5)", async () => {
  const asking: Proceed = { ...SECURE, requireTls: true };
  const nobody = { kind: "null" } as const;
  type Row = readonly [name: string, offers: boolean, Proceed, Partial<Outgoing["envelope"]>, string];
  const table: readonly Row[] = [
    ["asked and offered", true, asking, { demand: REQUIRED }, "MAIL FROM:<ada@pine.example> RET=HDRS REQUIRETLS"],
    [
      "RET=FULL is not passed on",
      true,
      asking,
      { demand: REQUIRED, dsn: { ret: "full", envid: "e1" } },
      "MAIL FROM:<ada@pine.example> RET=HDRS ENVID=e1 REQUIRETLS",
    ],
    ["asked, not offered", false, asking, { demand: REQUIRED }, "550 5.7.30 requiretls-unsupported"],
    ["not asked", true, SECURE, { demand: NO_DEMAND, dsn: { ret: "full" } }, "MAIL FROM:<ada@pine.example> RET=FULL"],
    ["a notice, offered", true, SECURE, { demand: REQUIRED, reversePath: nobody }, "MAIL FROM:<> REQUIRETLS"],
    ["a notice, not offered", false, SECURE, { demand: REQUIRED, reversePath: nobody }, "MAIL FROM:<>"],
  ];
  const found: Row[] = [];
  for (const [name, offers, decision, envelope] of table) {
    await using peer = await tlsPeer({ offers: offers ? ["STARTTLS", "DSN", "REQUIRETLS"] : ["STARTTLS", "DSN"] });
    const session = await opened(peer, { decision });
    const result = await session.send(outgoing(envelope), decision);
    await session.quit();
    const line = peer.lines.find((one) => one.startsWith("* MAIL"))?.slice(2);
    const refusal = "kind" in result ? brief(result.status) : result.recipients.map(brief).join();
    found.push([name, offers, decision, envelope, line ?? refusal]);
  }
  assert.deepEqual(found, table);
});

test("REQUIRETLS: offered in plaintext it is no promise (RFC 8689 §4.2.1)", async () => {
  await using peer = await startPeer({ offers: ["REQUIRETLS"] });
  const session = await opened(peer, { decision: MAY, rung: PLAIN });
  const refused = await session.send(outgoing({ demand: REQUIRED }), MAY);
  assert.equal("kind" in refused ? brief(refused.status) : "", "550 5.7.30 requiretls-unsupported");
  const notice = await session.send(outgoing({ demand: REQUIRED, reversePath: { kind: "null" } }), MAY);
  assert.ok("recipients" in notice);
  await session.quit();
  assert.deepEqual(
    peer.lines.filter((line) => line.startsWith("MAIL")),
    ["MAIL FROM:<>"],
  );
});

test("SessionFailure.tls: what a TLS report calls it, and nothing where TLS was not wanted (RFC 8460 §4.3)", async () => {
  const finding = (enforced: boolean, ok: boolean, result?: "certificate-expired"): gate.Finding => ({
    policy: { source: "mta-sts", domain: "rook.example" },
    enforced,
    ok,
    detail: `${enforced} ${ok}`,
    ...(result === undefined ? {} : { result }),
  });
  const judging: SessionOptions["gate"] = {
    ...gate,
    confirmPeer: (decision, seen) => {
      const judged = gate.confirmPeer(decision, seen);
      const findings = [finding(true, true), finding(false, false), finding(true, false, "certificate-expired")];
      return judged.kind === "rejected" ? { ...judged, findings } : judged;
    },
  };
  const table: readonly (readonly [string, PeerOptions, Attempt, SessionFailure["tls"]])[] = [
    ["no STARTTLS", { offers: [] }, {}, { result: "starttls-not-supported" }],
    [
      "STARTTLS refused",
      { answer: (line) => (line === "STARTTLS" ? "454 4.7.0 later" : undefined) },
      {},
      { result: "validation-failure", reason: "STARTTLS 454" },
    ],
    [
      "no handshake",
      { answer: (line) => (line === "STARTTLS" ? "220 go on\r\nnot TLS" : undefined) },
      {},
      { result: "validation-failure", reason: "peer-protocol-error" },
    ],
    [
      "the name",
      { certificate: wrongName },
      { options: { gate: judging } },
      { result: "certificate-expired", reason: "true false" },
    ],
    ["refused in the greeting", { greeting: "554 no" }, {}, undefined],
    ["the plaintext rung", { greeting: "554 no" }, { decision: MAY, rung: PLAIN }, undefined],
  ];
  const found = [];
  for (const [name, options, attempt] of table) {
    await using peer = await tlsPeer(options);
    const failure = await failed(peer, attempt);
    found.push([name, options, attempt, failure.tls]);
  }
  assert.deepEqual(found, table);
});

test("SessionFailure.tls: the library's code, when TLS itself fails", async () => {
  const server = createTlsServer({ cert: good.chain, key: good.key, maxVersion: "TLSv1.1", minVersion: "TLSv1" });
  await using closing = await listening(server);
  const failure = await failed(closing, { target: { mode: "implicit" } });
  assert.equal(failure.stage, "handshake");
  assert.equal(failure.tls?.result, "validation-failure");
  assert.match(failure.tls?.reason ?? "", /^ERR_SSL_/);
});

test("SessionFailure.tls: the library's code, when the host ends TLS 1.3 after the client thinks it is done (RFC 8446 §4.4.2.4)", async () => {
  const options = { cert: good.chain, key: good.key, minVersion: "TLSv1.3", requestCert: true } as const;
  await using closing = await listening(createTlsServer({ ...options, rejectUnauthorized: true }));
  const failure = await failed(closing, { target: { mode: "implicit" } });
  assert.deepEqual([failure.stage, failure.status.cause], ["greeting", "connection-lost"]);
  assert.deepEqual(failure.tls, {
    result: "validation-failure",
    reason: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
  });
});

test("the gate is told the time at the handshake and before every message", async () => {
  const clock = new ManualClock(1_000_000);
  const told: string[] = [];
  const telling: SessionOptions["gate"] = {
    ...gate,
    confirmPeer(decision, seen, now) {
      told.push(`confirmPeer ${now}`);
      return gate.confirmPeer(decision, seen);
    },
    admit(...asked) {
      told.push(`admit ${asked[4]}`);
      return gate.admit(...asked);
    },
  };
  await using peer = await tlsPeer();
  const session = await opened(peer, { options: { gate: telling, clock } });
  clock.jump(5);
  await session.send(outgoing(), SECURE);
  clock.jump(5);
  await session.send(outgoing(), SECURE);
  await session.quit();
  assert.deepEqual(told, ["confirmPeer 1000000", "admit 1000005", "admit 1000010"]);
});

test("TLS: nothing is ever resumed although the host offers tickets, no ALPN is sent, and the name is (RFC 8446 §4.6.1)", async () => {
  const seen: string[] = [];
  const server = createTlsServer({ cert: good.chain, key: good.key, ALPNProtocols: ["smtp"] });
  server.on("secureConnection", (socket: TLSSocket) => {
    const { servername } = socket as TLSSocket & { readonly servername?: string | false };
    seen.push(`resumed ${socket.isSessionReused()}, ALPN ${String(socket.alpnProtocol)}, SNI ${String(servername)}`);
    socket.on("error", () => undefined).write("220 mx.rook.example\r\n");
    socket.on("data", (line) => void socket.write(String(line).startsWith("QUIT") ? "221 bye\r\n" : "250 ok\r\n"));
    socket.on("end", () => socket.end());
  });
  await using closing = await listening(server);
  for (const version of ["TLSv1.3", "TLSv1.2"] as const) {
    server.setSecureContext({ cert: good.chain, key: good.key, maxVersion: version });
    // The host gives out what a session could be resumed with, and takes it.
    const ticket = await visit(closing.port);
    assert.ok(ticket !== undefined);
    await visit(closing.port, ticket);
    for (let round = 0; round < 3; round++) {
      const session = await opened(closing, { target: { mode: "implicit" } });
      assert.ok(session.proof.kind === "tls" && session.proof.session.version === version);
      await session.quit();
    }
  }
  const ours = "resumed false, ALPN false, SNI mx.rook.example";
  const control = ["resumed false, ALPN false, SNI false", "resumed true, ALPN false, SNI false"];
  assert.deepEqual(seen, [...control, ours, ours, ours, ...control, ours, ours, ours]);
});

/** A client that keeps what it is given for the next time. */
async function visit(port: number, session?: Buffer): Promise<Buffer | undefined> {
  const socket = connect({
    port,
    host: "127.0.0.1",
    rejectUnauthorized: false,
    ...(session === undefined ? {} : { session }),
  });
  let given: Buffer | undefined;
  socket.on("session", (ticket: Buffer) => {
    given = ticket;
  });
  await once(socket, "data");
  socket.end();
  await once(socket.resume(), "close");
  return given;
}

test("dial: a unix socket that does not answer, or is none", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-dial-"));
  const path = join(folder, "lmtp");
  const server = createServer((socket) => void socket.end("220 here\r\n"));
  server.listen(path);
  await once(server, "listening");
  try {
    const place = { host: "x.example", address: "", port: 0, mode: "starttls" } as const;
    const { signal } = new AbortController();
    const socket = await tcpDialer({ clock: systemClock, source: ["127.0.0.9"] })({ ...place, path }, signal);
    const [said] = (await once(socket, "data")) as [Buffer];
    assert.equal(String(said), "220 here\r\n");
    socket.destroy();
    const clock = new ManualClock();
    await assert.rejects(tcpDialer({ clock })({ ...place, path: `${path}-not` }, signal), /ENOENT/);
    const never = tcpDialer({ clock })({ ...place, path }, signal);
    clock.advance(30_000);
    await assert.rejects(never, new RegExp(`no connection to the socket ${path} within 30 s`));
    assert.equal(clock.pending, 0);
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
});

async function listening(server: Server): Promise<{ readonly port: number } & AsyncDisposable> {
  server.on("tlsClientError", () => undefined).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

test("TLS: where the host must prove who it is, keys are ephemeral; elsewhere key transport is better than nothing", async () => {
  const keys = rsaKeys();
  const cert = toPem(mint({ keys, names: ["mx.rook.example"] }).der);
  const key = keys.privateKey.export({ type: "pkcs8", format: "pem" });
  const server = createTlsServer({ cert, key, maxVersion: "TLSv1.2", ciphers: "AES128-GCM-SHA256" }, (socket) => {
    socket.on("error", () => undefined).end("554 no mail here\r\n");
  });
  server.on("tlsClientError", () => undefined).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    const stages: string[] = [];
    for (const decision of [MAY, { ...MAY, floor: { kind: "encrypted" } } as const, SECURE]) {
      stages.push((await failed({ port }, { decision, target: { mode: "implicit" } })).stage);
    }
    assert.deepEqual(stages, ["greeting", "greeting", "handshake"]);
  } finally {
    server.close();
  }
});
