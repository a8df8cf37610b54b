import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import type { TLSSocket } from "node:tls";
import { ManualClock } from "../../support/clock.ts";
import { needs } from "../../support/programs.ts";
import { gone, honest, limits, realCertificates, tcpTo, tlsTo, untilEnd } from "./_abuse.ts";
import { certificates, dial, listening, talk } from "./_dialogue.ts";
import { clientHello } from "../../../lab/clients/hello.ts";
import { rawTls } from "../../../lab/clients/raw_tls.ts";
import { recording } from "./_reception.ts";

const NOTHING = [[], { handlers: 0, sinks: 0 }];
const TALK = ["EHLO a", "MAIL FROM:<ada@pine.example>", "RCPT TO:<bo@rook.example>"];

test("A18: STARTTLS where it does not belong is refused, and TLS begins with nothing known (RFC 3207 §4.2)", async () => {
  const kept = recording();
  const tls = await realCertificates();
  await using server = await listening({ reception: kept.reception, tls: "starttls", certificates: tls });
  using client = await dial(server.address);
  await client.reply();
  const codes = [];
  for (const line of ["STARTTLS", "EHLO a", "STARTTLS now", "MAIL FROM:<>", "STARTTLS", "RCPT TO:<bo@rook.example>"]) {
    codes.push(await client.ask(line));
  }
  assert.deepEqual(codes, [503, 250, 501, 250, 503, 250]);
  assert.deepEqual([await client.ask("RSET"), await client.ask("STARTTLS")], [250, 220]);
  client.socket.removeAllListeners("data");
  const { connect } = await import("node:tls");
  const socket = connect({ socket: client.socket, servername: "mx.rook.example", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const inside = talk(socket);
  for (const line of ["DATA", "RCPT TO:<bo@rook.example>", "MAIL FROM:<>"]) assert.equal(await inside.ask(line), 503);
  assert.deepEqual([await inside.ask("EHLO a"), await inside.ask("STARTTLS")], [250, 503]);
  socket.destroy();
  await server.listener.close();
  assert.deepEqual([kept.breaches, kept.open()], NOTHING);
});

test("A19: what ends TLS in the middle ends the session, and half a message is none (RFC 8446 §6.1)", async () => {
  const kept = recording();
  await using server = await listening({
    reception: kept.reception,
    tls: "implicit",
    certificates: await realCertificates(),
  });
  /** A client that has said `lines` in TLS, with the TCP connection below it in reach. */
  const within = async (...lines: readonly string[]) => {
    const raw = await rawTls(server.address.port);
    const client = talk(raw.socket);
    await client.reply();
    for (const line of lines) await client.ask(line);
    return raw;
  };
  const inData = await within(...TALK, "DATA");
  inData.socket.write("Subject: half\r\n\r\nhalf");
  // The record must be out before the connection below it ends without close_notify.
  await new Promise((resolve) => inData.tcp.write("", resolve));
  inData.tcp.end();
  await gone(inData.tcp);

  const inChunk = await within(...TALK);
  inChunk.socket.write("BDAT 1000 LAST\r\nhalf");
  inChunk.socket.end();
  await once(inChunk.tcp, "end");
  inChunk.tcp.end("x");
  await gone(inChunk.tcp);

  const early = await within(...TALK);
  early.socket.write("BDAT 1000\r\n");
  early.tcp.write("\0BDAT 1 LAST\r\nx");
  await gone(early.tcp);
  assert.deepEqual(kept.taken, []);

  const whole = await within(...TALK, "DATA");
  whole.socket.write("Subject: whole\r\n\r\nwhole\r\n.\r\n");
  await new Promise((resolve) => whole.tcp.write("", resolve));
  whole.tcp.end();
  await gone(whole.tcp);
  await honest(server.address, "tls");
  await server.listener.close();
  assert.deepEqual(
    kept.taken.map(({ content }) => Buffer.from(content).toString("latin1").slice(0, 14)),
    ["Subject: whole", "Subject: hones"],
  );
  assert.deepEqual([kept.breaches, kept.open()], NOTHING);
});

for (const [how, make] of [
  ["as loaded", realCertificates],
  ["of a context that would allow it", certificates],
] as const) {
  test(`A20: renegotiation ends the connection, ${how} (CVE-2011-1473)`, async () => {
    using seen = limits();
    await using server = await listening({
      reception: recording().reception,
      tls: "implicit",
      certificates: await make(),
    });
    const socket = await tlsTo(server.address, { maxVersion: "TLSv1.2" });
    socket.renegotiate({}, () => undefined);
    await untilEnd(socket);
    assert.deepEqual(seen.told, ["renegotiation 127.0.0.1"]);
    await honest(server.address, "tls");
  });
}

test("A20: ten thousand new keys end the connection before they cost much (RFC 8446 §4.6.3)", async (t) => {
  using seen = limits();
  await using server = await listening({
    reception: recording().reception,
    tls: "implicit",
    certificates: await realCertificates(),
  });
  const few = await rawTls(server.address.port);
  const client = talk(few.socket);
  await client.reply();
  const flood = await rawTls(server.address.port);
  const records = flood.keyUpdates(10_000);
  flood.tcp.removeAllListeners("data");
  const before = process.cpuUsage();
  flood.tcp.write(records);
  await gone(flood.tcp);
  const { user, system } = process.cpuUsage(before);
  t.diagnostic(`${Math.round((user + system) / 1000)} ms of processor time`);
  assert.ok(user + system < 1_000_000);
  assert.deepEqual(seen.told, ["renegotiation 127.0.0.1"]);
  // A few are nobody's harm.
  few.tcp.write(few.keyUpdates(10));
  await once(few.tcp, "data");
  assert.deepEqual(seen.told.length, 1);
  few.socket.destroy();
  few.tcp.destroy();
  await honest(server.address, "tls");
});

test("K01: HTTP inside TLS ends at its first verb, and nothing of it is said again", async () => {
  using seen = limits();
  await using server = await listening({
    reception: recording().reception,
    tls: "implicit",
    certificates: await realCertificates(),
  });
  for (const request of [
    "POST / HTTP/1.1\r\n",
    "GET /<script>alert(1)</script> HTTP/1.0\r\nHost: mx.rook.example\r\n\r\nEHLO a\r\nMAIL FROM:<>\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  ]) {
    const socket = await tlsTo(server.address);
    await once(socket, "data");
    socket.write(request);
    const said = await untilEnd(socket);
    assert.match(said, /^(?:421 4\.7\.0|554 5\.5\.0) [^<>\r]*\r\n$/);
  }
  assert.equal(seen.told[0], "mistakes 127.0.0.1");
  await honest(server.address, "tls");
});

test("K02: whatever server name is asked for, the handshake is answered or refused, and the next client served", async () => {
  const tls = await realCertificates();
  await using server = await listening({ reception: recording().reception, tls: "implicit", certificates: tls });
  const names = ["a".repeat(300), "mx.rook\0.example", "192.0.2.1", "[::1]", "", "\xff\xfe", "..", "mx.rook.example."];
  const answers: string[] = [];
  for (const name of names) {
    const socket = await tcpTo(server.address);
    socket.write(clientHello(Buffer.from(name, "latin1")));
    const [answer] = (await once(socket, "data")) as [Buffer];
    answers.push(answer[0] === 22 ? "served" : answer[0] === 21 ? "alert" : "?");
    socket.destroy();
  }
  assert.deepEqual(answers, ["alert", "alert", ...Array(6).fill("served")]);
  await honest(server.address, "tls");
});

test("K03: no session is resumed, neither at another listener nor at the same (RFC 8446 §4.6.1)", async () => {
  const tls = await realCertificates();
  const options = { reception: recording().reception, tls: "implicit", certificates: tls } as const;
  await using mx = await listening(options);
  await using submissions = await listening({ ...options, role: "submissions" });
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    let session: Buffer | undefined;
    const socket = await tlsTo(mx.address, { maxVersion: version });
    socket.on("session", (given) => {
      session = given;
    });
    await once(socket, "data");
    session ??= socket.getSession();
    socket.destroy();
    const reused: boolean[] = [];
    for (const { address } of [mx, submissions]) {
      const again: TLSSocket = await tlsTo(address, {
        maxVersion: version,
        ...(session === undefined ? {} : { session }),
      });
      reused.push(again.isSessionReused());
      again.destroy();
    }
    assert.deepEqual([version, ...reused], [version, false, false]);
  }
});

test("K04: no early data is taken (RFC 8446 §4.2.10)", { skip: needs("openssl") }, async () => {
  await using server = await listening({
    reception: recording().reception,
    tls: "implicit",
    certificates: await realCertificates(),
  });
  const to = `127.0.0.1:${server.address.port}`;
  const child = spawn("openssl", ["s_client", "-connect", to, "-tls1_3", "-ign_eof"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  let text = "";
  child.stdout.setEncoding("latin1").on("data", (chunk: string) => {
    text += chunk;
  });
  // It says what it saw when the server has ended the connection.
  child.stdin.end("QUIT\r\n");
  await once(child, "close");
  assert.match(text, /Max Early Data: 0\n/);
});

test("K05: TLS and HTTP on a port in clear, and SMTP on one in TLS, end at once", async () => {
  using seen = limits();
  const tls = await realCertificates();
  // No time passes, so nothing ends for want of patience.
  const options = { reception: recording().reception, certificates: tls, clock: new ManualClock() } as const;
  await using clear = await listening({ ...options, tls: "starttls" });
  await using implicit = await listening({ ...options, tls: "implicit" });
  const said: string[] = [];
  for (const first of [clientHello(Buffer.from("mx.rook.example")), "GET / HTTP/1.1\r\n", "post /x HTTP/1.1\r\n"]) {
    const socket = await tcpTo(clear.address);
    await once(socket, "data");
    socket.write(first);
    said.push(await untilEnd(socket));
  }
  assert.deepEqual(said, Array(3).fill("421 4.7.0 This port speaks SMTP alone\r\n"));
  const unasked = await tcpTo(clear.address);
  unasked.write(clientHello(Buffer.from("mx.rook.example")));
  assert.match(await untilEnd(unasked), /^554 5\.5\.0 |^220 .*\r\n421 /);
  for (const first of ["EHLO out.pine.example\r\n", "GET / HTTP/1.1\r\n\r\n", "\x80\x2e\x01\x03\x01".padEnd(60, "x")]) {
    const socket = await tcpTo(implicit.address);
    socket.write(first, "latin1");
    assert.doesNotMatch(await untilEnd(socket), /220/);
  }
  assert.equal(seen.told.filter((one) => one === "mistakes 127.0.0.1").length >= 3, true);
  await honest(clear.address);
  await honest(implicit.address, "tls");
});

test("L06: half-open handshakes end after their time, however their octets trickle, and honest mail passes beside them", async () => {
  using seen = limits();
  const clock = new ManualClock();
  const tls = await realCertificates();
  await using server = await listening({ reception: recording().reception, tls: "implicit", certificates: tls, clock });
  const hello = clientHello(Buffer.from("mx.rook.example"));
  const half = await Promise.all(Array.from({ length: 200 }, () => tcpTo(server.address)));
  while (server.listener.active < half.length) await new Promise(setImmediate);
  for (let octet = 0; octet < 10; octet++) {
    for (const socket of half) socket.write(hello.subarray(octet, octet + 1));
    await new Promise(setImmediate);
    clock.advance(2_900);
  }
  await honest(server.address, "tls");
  assert.deepEqual(seen.told, []);
  const ends = half.map(untilEnd);
  clock.advance(1_000);
  await Promise.all(ends);
  assert.deepEqual([seen.told.length, new Set(seen.told).size, seen.told[0]], [200, 1, "handshake-time 127.0.0.1"]);
  await honest(server.address, "tls");
});

test("L06: who ends its half in the middle of a handshake is not waited for", async () => {
  const clock = new ManualClock();
  const tls = await realCertificates();
  await using server = await listening({ reception: recording().reception, tls: "implicit", certificates: tls, clock });
  for (const first of [Buffer.alloc(0), Buffer.from([22, 3]), clientHello(Buffer.from("mx.rook.example"))]) {
    const socket = await tcpTo(server.address);
    socket.end(first);
    await gone(socket);
  }
  await honest(server.address, "tls");
});

test("L07: a server name that breaks our choice of certificate ends its own handshake alone (CVE-2026-21637)", async () => {
  const tls = await realCertificates();
  await using server = await listening({
    reception: recording().reception,
    tls: "implicit",
    certificates: {
      contextFor(name) {
        if (name === "throws.example") throw new Error("broken on purpose");
        if (name === "odd.example") throw Object.create(null);
        return tls.contextFor(name);
      },
    },
  });
  for (const servername of ["throws.example", "odd.example"]) {
    await assert.rejects(tlsTo(server.address, { servername }), servername);
  }
  await honest(server.address, "tls");
});
