import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { duplexPair } from "node:stream";
import { after, before, test } from "node:test";
import { createServer as createTlsServer, createSecureContext, type TlsOptions, TLSSocket } from "node:tls";
import { ManualClock } from "../../../test/support/clock.ts";
import { type TestCa, type TestCertificate, testCa } from "../../../test/support/certificates.ts";
import { mint, rsaKeys, toPem } from "../../../test/support/mint.ts";
import { systemClock } from "../../base/mod.ts";
import { type HandshakeFault, type UpgradeOptions, upgrade } from "./handshake.ts";
import { openTrust, type TrustStore } from "./trust.ts";

let ca: TestCa;
let leaf: TestCertificate;
let trust: TrustStore;

before(async () => {
  ca = await testCa();
  leaf = await ca.issue(["mx.pine.example"]);
  const opened = await openTrust({ kind: "pem", certificates: [ca.pem] });
  assert.ok(opened.ok);
  trust = opened.value;
});

const servers: Server[] = [];
const sockets: Socket[] = [];
after(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

async function listening(server: Server): Promise<Socket> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  sockets.push(socket);
  await once(socket, "connect");
  return socket;
}

async function tlsPeer(options: TlsOptions = {}): Promise<Socket> {
  const server = createTlsServer({ cert: leaf.chain, key: leaf.key, ...options }, (socket) => {
    socket.on("error", () => undefined).resume();
  });
  server.on("tlsClientError", () => undefined);
  return listening(server);
}

function plainPeer(onConnection: (socket: Socket) => void): Promise<Socket> {
  return listening(
    createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined);
      onConnection(socket);
    }),
  );
}

function options(rest: Partial<UpgradeOptions> = {}): UpgradeOptions {
  return {
    servername: "mx.pine.example",
    trust,
    hello: "full",
    deadline: 30_000,
    clock: systemClock,
    ...rest,
  };
}

test("upgrade: TLS 1.3 with IANA names, the chain as sent, trusted by the roots given", async () => {
  const result = await upgrade(await tlsPeer(), options());
  assert.ok(result.ok);
  assert.deepEqual(result.value.handshake, {
    session: {
      version: "TLSv1.3",
      cipher: "TLS_AES_256_GCM_SHA384",
      group: "X25519MLKEM768",
      sni: "mx.pine.example",
    },
    chain: [leaf.der, ca.der],
    resumed: false,
  });
  result.value.socket.destroy();
});

test("upgrade: works over any duplex stream, as the lab's network is one", async () => {
  const [near, far] = duplexPair();
  const server = new TLSSocket(far, {
    isServer: true,
    secureContext: createSecureContext({ cert: leaf.chain, key: leaf.key }),
  });
  server.on("data", (octets: Buffer) => server.write(octets));
  const result = await upgrade(near, options());
  assert.ok(result.ok);
  assert.equal(result.value.handshake.chainError, undefined);
  result.value.socket.write("hello");
  const [echo] = await once(result.value.socket, "data");
  assert.equal(String(echo), "hello");
  result.value.socket.destroy();
  server.destroy();
});

test("upgrade: the small ClientHello fits in one segment and has no hybrid share", async () => {
  const sizes: number[] = [];
  for (const hello of ["full", "small"] as const) {
    const socket = await plainPeer((peer) => {
      peer.once("data", (octets) => {
        sizes.push(octets.length);
        peer.destroy();
      });
    });
    const result = await upgrade(socket, options({ hello }));
    assert.equal(result.ok ? "ok" : result.error.kind, "closed");
  }
  assert.ok((sizes[0] ?? 0) > 1400, `full: ${sizes[0]}`);
  assert.ok((sizes[1] ?? 0) < 600, `small: ${sizes[1]}`);
  const result = await upgrade(await tlsPeer(), options({ hello: "small" }));
  assert.equal(result.ok ? result.value.handshake.session.group : undefined, "x25519");
  if (result.ok) result.value.socket.destroy();
});

test("upgrade: TLS 1.2 works, with the IANA name of its suite; 1.1 does not (RFC 8996 §4)", async () => {
  const result = await upgrade(await tlsPeer({ maxVersion: "TLSv1.2", ecdhCurve: "P-256" }), options());
  assert.ok(result.ok);
  assert.deepEqual(result.value.handshake.session, {
    version: "TLSv1.2",
    cipher: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    group: "secp256r1",
    sni: "mx.pine.example",
  });
  result.value.socket.destroy();
  const old = await upgrade(
    await tlsPeer({ minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" }),
    options(),
  );
  assert.equal(old.ok ? "ok" : old.error.kind, "failed");
});

test("upgrade: a stranger's chain completes the handshake and is reported as an error of the chain", async () => {
  const stranger = await testCa("Somebody else");
  const foreign = await stranger.issue(["mx.pine.example"]);
  const result = await upgrade(await tlsPeer({ cert: foreign.chain, key: foreign.key }), options());
  assert.ok(result.ok);
  assert.equal(result.value.handshake.chainError, "SELF_SIGNED_CERT_IN_CHAIN");
  assert.deepEqual(result.value.handshake.chain, [foreign.der, stranger.der]);
  result.value.socket.destroy();
});

test("upgrade: an expired certificate is an error of the chain; a wrong name is not (names are judged elsewhere)", async () => {
  const expired = await ca.issue(["mx.pine.example"], {
    notBefore: new Date(Date.now() - 20 * 86_400_000),
    notAfter: new Date(Date.now() - 86_400_000),
  });
  const late = await upgrade(await tlsPeer({ cert: expired.chain, key: expired.key }), options());
  assert.equal(late.ok ? late.value.handshake.chainError : undefined, "CERT_HAS_EXPIRED");
  const other = await upgrade(await tlsPeer(), options({ servername: "mx.rook.example" }));
  assert.ok(other.ok);
  assert.equal(other.value.handshake.chainError, undefined);
  if (late.ok) late.value.socket.destroy();
  other.value.socket.destroy();
});

test("upgrade: SNI is what was asked for, none for null, and no ALPN is sent", async () => {
  const seen: unknown[] = [];
  for (const servername of ["mx.pine.example", null]) {
    const server = createTlsServer({ cert: leaf.chain, key: leaf.key }, (socket) => {
      seen.push([Reflect.get(socket, "servername"), socket.alpnProtocol]);
      socket.on("error", () => undefined).destroy();
    });
    const result = await upgrade(await listening(server), options({ servername }));
    assert.ok(result.ok);
    await once(result.value.socket.on("error", () => undefined).resume(), "close");
    assert.equal(result.value.handshake.session.sni, servername ?? undefined);
  }
  assert.deepEqual(seen, [
    ["mx.pine.example", false],
    [false, false],
  ]);
});

test("upgrade: nothing is resumed, although the server gives tickets", async () => {
  const server = createTlsServer({ cert: leaf.chain, key: leaf.key, maxVersion: "TLSv1.2" }, (socket) => {
    socket.on("error", () => undefined).resume();
  });
  for (let round = 0; round < 2; round++) {
    const first = round === 0 ? await listening(server) : connect((server.address() as AddressInfo).port, "127.0.0.1");
    sockets.push(first);
    if (round > 0) await once(first, "connect");
    const result = await upgrade(first, options());
    assert.equal(result.ok ? result.value.handshake.resumed : "failed", false);
    if (result.ok) result.value.socket.destroy();
  }
});

/** Whether a cut connection shows as an end or as a reset is a matter of timing. */
function named({ kind, code }: HandshakeFault): string {
  return kind === "failed" ? `${kind} ${code ?? ""}` : kind;
}

test("upgrade: every way to fail is named and leaves no socket open", async () => {
  const faults: (string | undefined)[] = [];
  const run = async (socket: Socket, rest: Partial<UpgradeOptions> = {}): Promise<void> => {
    const result = await upgrade(socket, options(rest));
    faults.push(result.ok ? "ok" : named(result.error));
    assert.equal(socket.destroyed, true);
  };
  await run(await plainPeer((peer) => peer.destroy()));
  await run(await plainPeer((peer) => peer.end()));
  await run(await plainPeer((peer) => peer.once("data", () => peer.resetAndDestroy())));
  await run(await plainPeer((peer) => peer.once("data", () => peer.write("220 what is this\r\n"))));
  await run(await tlsPeer({ ciphers: "ECDHE-RSA-AES128-GCM-SHA256", maxVersion: "TLSv1.2" }));
  const controller = new AbortController();
  controller.abort();
  await run(await plainPeer(() => undefined), { signal: controller.signal });
  assert.deepEqual(faults, [
    "closed",
    "closed",
    "closed",
    "failed ERR_SSL_WRONG_VERSION_NUMBER",
    "failed ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE",
    "aborted",
  ]);
});

test("upgrade: a silent server ends with the deadline, an abort at once", async () => {
  const clock = new ManualClock();
  const silent = await plainPeer(() => undefined);
  const waiting = upgrade(silent, options({ clock, deadline: 120_000 }));
  clock.advance(120_000);
  const late = await waiting;
  assert.deepEqual(late.ok ? late : late.error, { kind: "timeout", detail: "no TLS handshake within 120 s" });
  assert.equal(silent.destroyed, true);
  assert.equal(clock.pending, 0);
  const controller = new AbortController();
  const second = await plainPeer(() => undefined);
  const stopped = upgrade(second, options({ clock, signal: controller.signal }));
  controller.abort();
  const result = await stopped;
  assert.equal(result.ok ? "ok" : result.error.kind, "aborted");
  assert.equal(second.destroyed, true);
  assert.equal(clock.pending, 0);
});

test("openTrust: errors name the file; the system's and the bundled roots open", async () => {
  const missing = await openTrust({ kind: "file", path: "/nowhere/roots.pem" });
  assert.match(missing.ok ? "" : missing.error, /^cannot read the roots in \/nowhere\/roots\.pem: ENOENT/);
  const empty = await openTrust({ kind: "pem", certificates: [] });
  assert.equal(empty.ok ? "" : empty.error, "the given roots hold no certificate");
  const broken = await openTrust({
    kind: "pem",
    certificates: ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
  });
  assert.match(broken.ok ? "" : broken.error, /^the given roots hold a certificate that cannot be read, number 1$/);
  const bundled = await openTrust({ kind: "bundled" });
  assert.ok(bundled.ok && bundled.value.roots > 50);
});

test("upgrade: key transport by RSA where any keys will do, and not even offered where they must be ephemeral", async () => {
  const keys = rsaKeys();
  const { der } = mint({ keys, names: ["mx.pine.example"] });
  const key = keys.privateKey.export({ type: "pkcs8", format: "pem" });
  const fixed: TlsOptions = { cert: toPem(der), key, maxVersion: "TLSv1.2", ciphers: "AES128-GCM-SHA256" };
  const either: TlsOptions = {
    ...fixed,
    ciphers: "AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256",
    honorCipherOrder: true,
  };
  const found: string[] = [];
  for (const [peer, wanted] of [
    [fixed, "any"],
    [fixed, "ephemeral"],
    [either, "any"],
    [either, "ephemeral"],
    [{ cert: toPem(der), key }, "ephemeral"],
  ] as const) {
    for (const hello of ["full", "small"] as const) {
      const result = await upgrade(await tlsPeer(peer), options({ hello, keys: wanted }));
      found.push(result.ok ? result.value.handshake.session.cipher : result.error.kind);
      if (result.ok) result.value.socket.destroy();
    }
  }
  const [rsa, ecdhe] = ["TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"];
  const best = "TLS_AES_256_GCM_SHA384";
  assert.deepEqual(found, [rsa, rsa, "failed", "failed", rsa, rsa, ecdhe, ecdhe, best, best]);
});
