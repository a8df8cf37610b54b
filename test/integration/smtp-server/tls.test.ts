import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { test } from "node:test";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { ManualClock } from "../../support/clock.ts";
import { certificates, type Dialogue, dial, listening, talk } from "./_dialogue.ts";
import { recording } from "./_reception.ts";

const MAIL = "MAIL FROM:<ada@pine.example>";
const RCPT = "RCPT TO:<bo@rook.example>";

/** Turns a dialogue whose STARTTLS got 220 into one under TLS. */
async function upgrade(
  client: Dialogue,
  options: ConnectionOptions,
): Promise<{ dialogue: Dialogue; socket: TLSSocket }> {
  client.socket.removeAllListeners("data");
  const socket = connect({ socket: client.socket, servername: "mx.rook.example", ...options });
  await once(socket, "secureConnect");
  return { dialogue: talk(socket), socket };
}

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`STARTTLS gives ${version} and forgets what came before (RFC 3207 §4.2)`, async () => {
    const kept = recording();
    const tls = await certificates();
    await using server = await listening({ reception: kept.reception, tls: "starttls", certificates: tls });
    using plain = await dial(server.address);
    await plain.reply();
    plain.send("EHLO out.pine.example\r\n");
    assert.ok((await plain.reply())?.lines.includes("STARTTLS"));
    assert.equal(await plain.ask("STARTTLS"), 220);
    const { dialogue: client, socket } = await upgrade(plain, { ca: tls.ca, minVersion: version, maxVersion: version });
    assert.equal(await client.ask(MAIL), 503);
    client.send("EHLO out.pine.example\r\n");
    assert.ok((await client.reply())?.lines.includes("STARTTLS") === false);
    assert.equal(await client.ask("STARTTLS"), 503);
    assert.deepEqual(
      [await client.ask(MAIL), await client.ask(RCPT), await client.ask("DATA"), await client.ask("x\r\n.")],
      [250, 250, 354, 250],
    );
    assert.deepEqual(kept.taken[0]?.peer.tls, {
      version,
      cipher: socket.getCipher().standardName,
      sni: "mx.rook.example",
    });
    assert.equal(await client.ask("QUIT"), 221);
    assert.equal(await client.reply(), undefined);
    socket.destroy();
  });
}

test("implicit TLS greets inside TLS (RFC 8314 §3)", async () => {
  const kept = recording();
  const tls = await certificates();
  await using server = await listening({
    reception: kept.reception,
    role: "submissions",
    tls: "implicit",
    certificates: tls,
  });
  const socket = connect({
    port: server.address.port,
    host: "127.0.0.1",
    ca: tls.ca,
    servername: "mx.rook.example",
    ALPNProtocols: ["smtp"],
  });
  using client = talk(socket);
  assert.equal((await client.reply())?.code, 220);
  assert.equal(socket.alpnProtocol, "smtp");
  client.send("EHLO a\r\n");
  assert.ok((await client.reply())?.lines.includes("STARTTLS") === false);
  assert.equal(await client.ask(MAIL), 250);
  socket.end();
  while ((await client.reply()) !== undefined);
  await server.listener.close();
  assert.deepEqual([kept.breaches, kept.open()], [[], { handlers: 0, sinks: 0 }]);
});

test("the certificate follows the name asked for, and an unknown name gets the default (RFC 8461 §7.1)", async () => {
  const tls = await certificates();
  await using server = await listening({ reception: recording().reception, tls: "implicit", certificates: tls });
  const table: readonly (readonly [string | undefined, string])[] = [
    ["mx.pine.example", "DNS:mx.pine.example"],
    ["mx.rook.example", "DNS:mx.rook.example"],
    ["nobody.example", "DNS:mx.rook.example"],
    [undefined, "DNS:mx.rook.example"],
  ];
  for (const [name, subject] of table) {
    const socket = connect({
      port: server.address.port,
      host: "127.0.0.1",
      rejectUnauthorized: false,
      ...(name === undefined ? {} : { servername: name }),
    });
    await once(socket, "secureConnect");
    assert.equal(socket.getPeerCertificate().subjectaltname, subject);
    socket.destroy();
  }
});

test("K01: ALPN: none and smtp are welcome, other protocols are refused (RFC 7301 §3.2)", async () => {
  const tls = await certificates();
  await using server = await listening({ reception: recording().reception, tls: "implicit", certificates: tls });
  const tryWith = async (protocols: readonly string[] | undefined): Promise<string> => {
    const socket = connect({
      port: server.address.port,
      host: "127.0.0.1",
      rejectUnauthorized: false,
      ...(protocols === undefined ? {} : { ALPNProtocols: [...protocols] }),
    });
    const outcome = Promise.withResolvers<string>();
    socket.once("secureConnect", () => outcome.resolve(String(socket.alpnProtocol)));
    socket.once("error", (error) => outcome.resolve("code" in error ? String(error.code) : ""));
    const said = await outcome.promise;
    socket.destroy();
    return said;
  };
  assert.equal(await tryWith(undefined), "false");
  assert.equal(await tryWith(["smtp"]), "smtp");
  assert.equal(await tryWith(["h2", "smtp"]), "smtp");
  assert.equal(await tryWith(["h2", "http/1.1"]), "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL");
});

test("TLS 1.1 is not spoken (RFC 8996 §5)", async () => {
  const tls = await certificates();
  await using server = await listening({ reception: recording().reception, tls: "implicit", certificates: tls });
  const socket = connect({
    port: server.address.port,
    host: "127.0.0.1",
    rejectUnauthorized: false,
    minVersion: "TLSv1",
    maxVersion: "TLSv1.1",
    ciphers: "ALL:@SECLEVEL=0",
  });
  const [error] = await once(socket, "error");
  assert.match(String(error), /protocol version|unsupported protocol/);
});

test("L06, K05: a handshake has its time, and rubbish in its place ends the connection", async () => {
  const tls = await certificates();
  const clock = new ManualClock();
  const kept = recording();
  await using server = await listening({ reception: kept.reception, tls: "starttls", certificates: tls, clock });
  using slow = await dial(server.address);
  using rude = await dial(server.address);
  for (const client of [slow, rude]) {
    await client.reply();
    await client.ask("EHLO a");
    assert.equal(await client.ask("STARTTLS"), 220);
  }
  rude.socket.removeAllListeners("data");
  rude.send(`${MAIL}\r\n${MAIL}\r\n`);
  await once(rude.socket.resume(), "end");
  assert.equal(server.listener.active, 2 - 1);
  clock.advance(30_000);
  assert.equal(await slow.reply(), undefined);

  await using implicit = await listening({ reception: kept.reception, tls: "implicit", certificates: tls, clock });
  const silent = connectTcp({ port: implicit.address.port, host: "127.0.0.1" });
  await once(silent, "connect");
  while (implicit.listener.active === 0) await new Promise(setImmediate);
  clock.advance(30_000);
  await once(silent.resume(), "end");
  silent.destroy();
});
