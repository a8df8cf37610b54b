import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { systemClock } from "../../../src/base/mod.ts";
import type { Admission, Peer } from "../../../src/smtp/server/mod.ts";
import { subscribe } from "../../../src/observe/mod.ts";
import { statusOf } from "../../../src/status/mod.ts";
import { ManualClock } from "../../support/clock.ts";
import { certificates, listening, talk } from "../smtp-server/_dialogue.ts";
import { recording } from "../smtp-server/_reception.ts";
import { dialFrom, greetingOf, limitsHeard, sendMail, socketFrom } from "./_clients.ts";

const PROXY = "127.0.0.80";
const STRANGER = "127.0.0.66";
const proxyFrom = (address: string): boolean => address === PROXY;
const DELIVERED = [250, 250, 250, 354, 250];

const V1 = Buffer.from("PROXY TCP4 192.0.2.1 203.0.113.9 54321 25\r\n", "latin1");
const V2 = Buffer.from(
  `0d0a0d0a000d0a515549540a2121002420010db8000000000000000000000005${"01".repeat(16)}d4310019`,
  "hex",
);
const LOCAL = Buffer.concat([V2.subarray(0, 12), Buffer.from([0x20, 0, 0, 0])]);

interface Seen {
  readonly admission: Admission;
  readonly entered: string[];
  readonly left: string[];
}

function seeing(): Seen {
  const entered: string[] = [];
  const left: string[] = [];
  return {
    entered,
    left,
    admission: {
      enter(address) {
        entered.push(address);
        return undefined;
      },
      leave: (address) => void left.push(address),
    },
  };
}

const CLIENTS: readonly (readonly [name: string, header: Buffer, Pick<Peer, "address" | "port" | "proxy">])[] = [
  ["version 1", V1, { address: "192.0.2.1", port: 54321, proxy: PROXY }],
  ["version 2", V2, { address: "2001:db8::5", port: 54321, proxy: PROXY }],
];

for (const [name, header, client] of CLIENTS) {
  test(`PROXY ${name}: its client is who counts, in clear and behind STARTTLS, however the header is split`, async () => {
    const kept = recording();
    const seen = seeing();
    const tls = await certificates();
    const { admission } = seen;
    await using server = await listening({
      reception: kept.reception,
      admission,
      proxyFrom,
      tls: "starttls",
      certificates: tls,
    });
    for (const cut of [0, 1, 5, 12, 16, header.length - 1]) {
      using dialogue = await dialFrom(PROXY, server.address);
      dialogue.socket.setNoDelay(true);
      if (cut > 0) {
        dialogue.socket.write(header.subarray(0, cut));
        await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      }
      dialogue.socket.write(header.subarray(cut));
      assert.equal(await greetingOf(dialogue), "220");
      assert.deepEqual(await sendMail(dialogue, "bo@rook.example"), DELIVERED);
      assert.equal(await dialogue.ask("QUIT"), 221);
      dialogue.socket.end();
    }
    using plain = await dialFrom(PROXY, server.address);
    plain.socket.write(header);
    await plain.reply();
    await plain.ask("EHLO out.pine.example");
    assert.equal(await plain.ask("STARTTLS"), 220);
    using secure = talk(await handshake(plain.socket, tls.ca));
    assert.deepEqual(await sendMail(secure, "bo@rook.example"), DELIVERED);
    const peers = kept.taken.map(({ peer: { address, port, proxy } }) => ({ address, port, proxy }));
    assert.deepEqual(peers, Array<unknown>(7).fill(client));
    assert.deepEqual(new Set(seen.entered), new Set([client.address]));
    assert.equal(await secure.ask("QUIT"), 221);
    secure.socket.end();
    while (seen.left.length < 7) await new Promise(setImmediate);
    assert.deepEqual(seen.left, seen.entered);
  });

  test(`PROXY ${name}: TLS from the first octet, its hello in the same segment as the header or in another`, async () => {
    const kept = recording();
    const tls = await certificates();
    const options = { role: "submissions", tls: "implicit", certificates: tls } as const;
    await using server = await listening({ reception: kept.reception, proxyFrom, ...options });
    for (const together of [true, false]) {
      await using proxy = await proxyTo(server.address, header, together);
      using secure = talk(await handshake(await socketFrom("127.0.0.1", proxy), tls.ca));
      assert.equal(await greetingOf(secure), "220");
      assert.deepEqual(await sendMail(secure, "bo@rook.example"), DELIVERED);
      assert.equal(kept.taken.at(-1)?.peer.address, client.address);
      assert.equal(kept.taken.at(-1)?.peer.tls?.version, "TLSv1.3");
    }
  });
}

/** A proxy that sends its header at once, or together with the first octets of its client in one segment. */
async function proxyTo(
  to: AddressInfo,
  header: Buffer,
  together: boolean,
): Promise<Pick<AddressInfo, "address" | "port"> & AsyncDisposable> {
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const upstream = connect({ host: to.address, port: to.port, localAddress: PROXY, noDelay: true });
    sockets.push(client, upstream);
    for (const socket of [client, upstream]) socket.on("error", () => socket.destroy());
    if (!together) upstream.write(header);
    client.once("data", (first: Buffer) => {
      upstream.write(together ? Buffer.concat([header, first]) : first);
      client.pipe(upstream);
      upstream.pipe(client);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { address, port } = server.address() as AddressInfo;
  return {
    address,
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function handshake(socket: Socket, ca: string): Promise<TLSSocket> {
  socket.removeAllListeners("data");
  const secure = connectTls({ socket, ca, servername: "mx.rook.example", ALPNProtocols: ["smtp"] });
  await once(secure, "secureConnect");
  return secure;
}

test("PROXY: a client that talks behind its proxy's header, before the greeting, talks early (RFC 5321 §4.3.1)", async () => {
  const kept = recording();
  await using server = await listening({ reception: kept.reception, proxyFrom });
  using client = await dialFrom(PROXY, server.address);
  client.socket.write(Buffer.concat([V1, Buffer.from("EHLO out.pine.example\r\n")]));
  assert.match(await greetingOf(client), /^554 5\.5\.0 Protocol error: talking before the greeting$/);
});

test("PROXY: a connection of which the proxy tells nothing counts as the proxy's own", async () => {
  const kept = recording();
  const seen = seeing();
  await using server = await listening({ reception: kept.reception, admission: seen.admission, proxyFrom });
  for (const header of [LOCAL, Buffer.from("PROXY UNKNOWN\r\n")]) {
    using client = await dialFrom(PROXY, server.address);
    client.socket.write(header);
    assert.equal(await greetingOf(client), "220");
    assert.deepEqual(await sendMail(client, "bo@rook.example"), DELIVERED);
  }
  assert.deepEqual(seen.entered, [PROXY, PROXY]);
  assert.deepEqual(
    kept.taken.map(({ peer: { address, proxy } }) => [address, proxy]),
    [
      [PROXY, PROXY],
      [PROXY, PROXY],
    ],
  );
});

test("PROXY: anything else from a proxy is closed at once without a word, and told once; honest clients go on", async () => {
  using limits = limitsHeard();
  const kept = recording();
  const seen = seeing();
  await using server = await listening({ reception: kept.reception, admission: seen.admission, proxyFrom });
  const wrong: readonly (readonly [Buffer, string])[] = [
    [Buffer.from("EHLO out.pine.example\r\n"), "what came first is no PROXY header"],
    [Buffer.from("PROXY TCP4 999.0.0.1 203.0.113.9 1 25\r\n"), "the addresses or ports are malformed"],
    [Buffer.from(`PROXY UNKNOWN ${"x".repeat(200)}`), "the line is longer than 107 octets"],
    [Buffer.concat([V2.subarray(0, 14), Buffer.from([0xff, 0xff])]), "the header is longer than 4096 octets"],
    [Buffer.from([0x16, 3, 1, 0, 0x80]), "what came first is no PROXY header"],
  ];
  for (const [octets, text] of wrong) {
    const heard = limits.heard.length;
    using client = await dialFrom(PROXY, server.address);
    client.socket.write(octets);
    assert.equal(await greetingOf(client), "gone");
    assert.deepEqual(limits.heard.slice(heard), [`proxy ${PROXY} ${text}`]);
  }
  // A check by the proxy itself, which says nothing at all, is nothing to tell of.
  const before = limits.heard.length;
  const check = await socketFrom(PROXY, server.address);
  check.end();
  await once(check.resume(), "end");
  assert.equal(limits.heard.length, before);
  assert.deepEqual(seen.entered, []);
  using honest = await dialFrom(PROXY, server.address);
  honest.socket.write(V1);
  assert.equal(await greetingOf(honest), "220");
  assert.deepEqual(await sendMail(honest, "bo@rook.example"), DELIVERED);
});

test("PROXY: the header has five seconds", async () => {
  using limits = limitsHeard();
  const kept = recording();
  const clock = new ManualClock();
  await using server = await listening({ reception: kept.reception, proxyFrom, clock });
  using silent = await dialFrom(PROXY, server.address);
  using slow = await dialFrom(PROXY, server.address);
  slow.socket.write(V1.subarray(0, 10));
  while (clock.pending < 2) await new Promise(setImmediate);
  clock.advance(4999);
  assert.deepEqual(limits.heard, []);
  clock.advance(1);
  assert.deepEqual([await greetingOf(silent), await greetingOf(slow)], ["gone", "gone"]);
  assert.deepEqual(limits.heard, Array<string>(2).fill(`proxy ${PROXY} the header did not come in time`));
});

test("PROXY: only so many connections wait for their header; clients beside them are served", async () => {
  using limits = limitsHeard();
  const kept = recording();
  await using server = await listening({ reception: kept.reception, proxyFrom, waiting: 10 });
  const silent = [];
  for (let at = 0; at < 10; at++) silent.push(await dialFrom(PROXY, server.address));
  using late = await dialFrom(PROXY, server.address);
  assert.equal(await greetingOf(late), "421 4.3.2 Too busy, try again later");
  assert.deepEqual(limits.heard, [`connections ${PROXY} too many wait to be let in`]);
  for (const { socket } of silent) socket.write(V1);
  for (const client of silent) assert.equal(await greetingOf(client), "220");
  using honest = await dialFrom("127.0.0.2", server.address);
  assert.equal(await greetingOf(honest), "220");
  assert.deepEqual(await sendMail(honest, "bo@rook.example"), DELIVERED);
  for (const client of silent) client[Symbol.dispose]();
});

test("PROXY, XCLIENT and XFORWARD of others are no commands, and change nothing (I10)", async () => {
  const kept = recording();
  const seen = seeing();
  await using server = await listening({ reception: kept.reception, admission: seen.admission, proxyFrom });
  using early = await dialFrom(STRANGER, server.address);
  early.socket.write(V1);
  assert.match(await greetingOf(early), /^554 5\.5\.0 /);
  using client = await dialFrom(STRANGER, server.address);
  assert.equal(await greetingOf(client), "220");
  const codes = [];
  for (const line of ["PROXY TCP4 127.0.0.1 127.0.0.1 1 25", "XCLIENT ADDR=127.0.0.1", "XFORWARD ADDR=127.0.0.1"]) {
    codes.push(await client.ask(line));
  }
  assert.deepEqual(codes, [500, 500, 500]);
  assert.deepEqual(await sendMail(client, "bo@rook.example"), DELIVERED);
  assert.deepEqual(seen.entered, [STRANGER, STRANGER]);
  const peer = kept.taken[0]?.peer;
  assert.deepEqual([peer?.address, peer?.proxy], [STRANGER, undefined]);
});

test("PROXY: the told client is the one that is refused, and the log names its proxy", async () => {
  const kept = recording();
  const heard: unknown[] = [];
  using _refused = subscribe("hopseal:refused", ({ client, proxy, cause }) => heard.push({ client, proxy, cause }));
  const admission: Admission = {
    enter: (address) => (address === "192.0.2.1" ? statusOf("client-denied") : undefined),
    leave() {},
  };
  await using server = await listening({ reception: kept.reception, admission, proxyFrom, clock: systemClock });
  using denied = await dialFrom(PROXY, server.address);
  denied.socket.write(V1);
  assert.equal((await denied.reply())?.code, 554);
  assert.equal(await denied.ask("QUIT"), 221);
  assert.deepEqual(heard, [{ client: "192.0.2.1", proxy: PROXY, cause: "client-denied" }]);
  using other = await dialFrom(PROXY, server.address);
  other.socket.write(V2);
  assert.equal(await greetingOf(other), "220");
});
