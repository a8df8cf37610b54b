import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import { domain } from "../../../src/mail/mod.ts";
import { serveConnection } from "../../../src/smtp/io/mod.ts";
import { DEFAULT_LIMITS, type Reception } from "../../../src/smtp/server/mod.ts";
import { type Status, statusOf } from "../../../src/status/mod.ts";
import { ManualClock } from "../../support/clock.ts";
import { type Dialogue, dial, listening } from "./_dialogue.ts";
import { recording } from "./_reception.ts";

const LINES = ["EHLO a", "MAIL FROM:<ada@pine.example>", "RCPT TO:<bo@rook.example>", "DATA"];
const NOTHING = [[], { handlers: 0, sinks: 0 }];

async function play(client: Dialogue, count: number): Promise<void> {
  await client.reply();
  for (const line of LINES.slice(0, count)) await client.ask(line);
}

test("shutting down says 421 to who waits for commands, and cuts nobody off who sends content (RFC 5321 §3.8)", async () => {
  const verdict = Promise.withResolvers<Status>();
  const asked = Promise.withResolvers<void>();
  const kept = recording({
    finish({ size }) {
      if (size === 3) return Promise.resolve(statusOf("ok-message"));
      asked.resolve();
      return verdict.promise;
    },
  });
  await using server = await listening({ reception: kept.reception });
  using idle = await dial(server.address);
  using inTransaction = await dial(server.address);
  using sending = await dial(server.address);
  using waiting = await dial(server.address);
  await play(idle, 1);
  await play(inTransaction, 3);
  await play(sending, 4);
  await play(waiting, 4);
  waiting.send("waits\r\n.\r\n");
  await asked.promise;

  const closed = server.listener.close();
  const goodbye = { code: 421, lines: ["4.3.2 Shutting down, try again later"] };
  for (const client of [idle, inTransaction]) {
    assert.deepEqual([await client.reply(), await client.reply()], [goodbye, undefined]);
  }
  sending.send("x\r\n.\r\n");
  assert.deepEqual(
    [(await sending.reply())?.code, await sending.reply(), await sending.reply()],
    [250, goodbye, undefined],
  );
  verdict.resolve(statusOf("ok-message"));
  assert.deepEqual(
    [(await waiting.reply())?.code, await waiting.reply(), await waiting.reply()],
    [250, goodbye, undefined],
  );
  for (const client of [idle, inTransaction, sending, waiting]) client.socket.end();
  await closed;
  assert.equal(kept.taken.length, 2);
  assert.deepEqual([kept.breaches, kept.open()], NOTHING);
  await assert.rejects(dial(server.address));
});

test("who does not end in time is cut off", async () => {
  const clock = new ManualClock();
  const kept = recording();
  await using server = await listening({ reception: kept.reception, clock });
  using client = await dial(server.address);
  await play(client, 4);
  const closed = server.listener.close(1000);
  clock.advance(1000);
  await closed;
  assert.deepEqual([kept.breaches, kept.open()], NOTHING);
});

test("a client that is silent for too long gets 421 and is left (RFC 5321 §4.5.3.2.7)", async () => {
  for (const [count, octets] of [
    [1, ""],
    [1, "MAI"],
    [3, ""],
    [4, "half a li"],
  ] as const) {
    const clock = new ManualClock();
    const written = Promise.withResolvers<void>();
    const kept = recording({ write: () => written.resolve() });
    await using server = await listening({ reception: kept.reception, clock, limits: { contentRate: 0 } });
    using client = await dial(server.address);
    await play(client, count);
    clock.advance(299_999);
    client.send(octets);
    // Octets that complete no command buy no time; content does.
    if (count === 4) {
      await written.promise;
    }
    clock.advance(1);
    if (count === 4) clock.advance(300_000);
    const why = count === 4 ? "The content comes in too slowly" : "Idle for too long";
    assert.deepEqual(await client.reply(), { code: 421, lines: [`4.4.2 ${why}`] });
    assert.equal(await client.reply(), undefined);
    assert.deepEqual([kept.breaches, kept.open()], NOTHING);
  }
});

for (const late of [false, true]) {
  test(`a reset in any state ends the transaction once, answers ${late ? "later" : "at once"}`, async () => {
    const tails = [
      "",
      "x",
      "MAIL FROM:<",
      "BDAT 10\r\nabc",
      "BDAT 3\r\nabc",
      "x\r\n.\r\n",
      "x\r\n.\r\nQUIT\r\n",
      "RSET\r\nMAIL FROM:<>\r\n",
    ];
    const kept = recording({ late });
    await using server = await listening({ reception: kept.reception });
    for (let count = 0; count <= LINES.length; count++) {
      for (const tail of tails) {
        for (const how of ["reset", "close"] as const) {
          using client = await dial(server.address);
          await play(client, count);
          client.send(tail);
          if (how === "reset") client.socket.resetAndDestroy();
          else client.socket.destroy();
        }
      }
    }
    while (server.listener.active > 0) await new Promise(setImmediate);
    assert.deepEqual([kept.breaches, kept.open()], NOTHING);
  });
}

/** Serves one connection whose socket the test sees. */
async function observed(
  reception: Reception,
): Promise<{ client: Dialogue; socket: Socket; done: Promise<void> } & Disposable> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No address");
  const accepted = once(server, "connection");
  const client = await dial(address);
  const [socket] = (await accepted) as [Socket];
  const config = {
    hostname: domain("mx.rook.example"),
    tls: { starttls: false, required: false },
    limits: { ...DEFAULT_LIMITS, junkCommands: Infinity },
  };
  const { done } = serveConnection(socket, { config, reception, clock: new ManualClock(), implicit: false });
  return {
    client,
    socket,
    done,
    [Symbol.dispose]: () => {
      client[Symbol.dispose]();
      socket.destroy();
      server.close();
    },
  };
}

test("a sink that asks to wait stops the reading until it is ready", async () => {
  const gate = Promise.withResolvers<void>();
  let writes = 0;
  const kept = recording({ write: () => (++writes === 1 ? gate.promise : undefined) });
  using served = await observed(kept.reception);
  await play(served.client, 4);
  const content = `${"x".repeat(1000)}\r\n`.repeat(4000);
  const paused = once(served.socket, "pause");
  served.client.send(`${content}.\r\n`);
  await paused;
  assert.equal(writes, 1);
  assert.ok(served.socket.bytesRead < 1_000_000);
  gate.resolve();
  assert.equal((await served.client.reply())?.code, 250);
  assert.equal(kept.taken[0]?.content.length, content.length);
  assert.deepEqual(kept.taken[0]?.facts.longestLine, 1000);
});

test("a client that reads no replies is read no further until it does", async () => {
  const kept = recording();
  using served = await observed(kept.reception);
  await play(served.client, 1);
  served.client.socket.pause();
  const paused = once(served.socket, "pause");
  const count = 400_000;
  served.client.send("RSET\r\n".repeat(count));
  await paused;
  assert.ok(served.socket.writableLength > 0);
  served.client.socket.resume();
  for (let at = 0; at < count; at++) assert.equal((await served.client.reply())?.code, 250);
  assert.equal(await served.client.ask("QUIT"), 221);
  served.client.socket.end();
  await served.done;
});
