import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { rootCertificates } from "node:tls";
import { admit, allowPlaintext, confirmPeer } from "../../../src/policy/mod.ts";
import type { ClientSession, SessionFailure } from "../../../src/smtp/client/mod.ts";
import { openSession } from "../../../src/smtp/io/mod.ts";
import { openTrust } from "../../../src/tls/io/mod.ts";
import { MAY, outgoing } from "../../support/client.ts";
import { ManualClock } from "../../support/clock.ts";
import { startPeer } from "./peer.ts";

async function open(port: number, clock: ManualClock): Promise<ClientSession | SessionFailure> {
  const trust = await openTrust({ kind: "pem", certificates: [rootCertificates[0] ?? ""] });
  assert.ok(trust.ok);
  return await openSession(
    { host: "mx.rook.example", address: "127.0.0.1", port, mode: "starttls" },
    MAY,
    { kind: "plaintext" },
    { hostname: "out.pine.example", trust: trust.value, clock, gate: { confirmPeer, allowPlaintext, admit } },
  );
}

/** A server that only does what `serve` says. */
async function rude(serve: (socket: Socket) => void): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).resume();
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** Says `text` again and again as long as it is read. */
function pour(socket: Socket, text: string): void {
  const block = text.repeat(100);
  const more = (): void => {
    while (!socket.destroyed && socket.write(block));
  };
  socket.on("drain", more);
  more();
}

const floods: readonly (readonly [string, (socket: Socket) => void, string])[] = [
  ["L03: a greeting without an end", (socket) => pour(socket, "220 xxxxxxxxxxxxxxxx"), "greeting"],
  ["L04: a greeting of lines without end", (socket) => pour(socket, "220-xxxxxxxxxxxx\r\n"), "greeting"],
  [
    "L04: ten thousand keywords in the answer to EHLO",
    (socket) => {
      socket.write("220 mx.rook.example\r\n");
      socket.once("data", () => socket.write(`${"250-XKEYWORD\r\n".repeat(10_000)}250 END\r\n`));
    },
    "hello",
  ],
];
for (const [name, serve, stage] of floods) {
  test(`${name} ends the session and leaves the mail for later (RFC 5321 §4.5.3.1.5)`, async () => {
    await using server = await rude(serve);
    const opened = await open(server.port, new ManualClock());
    assert.ok("kind" in opened);
    assert.deepEqual([opened.stage, opened.status.cause, opened.status.code], [stage, "peer-protocol-error", 451]);
  });
}

test("L04: a reply of one octet in nine seconds ends with the time of its command (RFC 5321 §4.5.3.2)", async () => {
  const clock = new ManualClock();
  const came = Promise.withResolvers<Socket>();
  await using server = await rude((socket) => {
    socket.write("220 mx.rook.example\r\n");
    socket.once("data", () => came.resolve(socket));
  });
  const opening = open(server.port, clock);
  const socket = await came.promise;
  for (let at = 0; at < 33; at++) {
    socket.write("250-mx.rook.example and very much more".charAt(at));
    await new Promise(setImmediate);
    clock.advance(9000);
  }
  clock.advance(3001);
  const opened = await opening;
  assert.ok("kind" in opened);
  assert.deepEqual([opened.stage, opened.status.cause, opened.status.code], ["hello", "timeout", 451]);
});

test("L02: a host that takes no content is left after the time of a block, and the next host has the mail", async () => {
  const clock = new ManualClock();
  const deaf = Promise.withResolvers<void>();
  await using stuck = await rude((socket) => {
    socket.write("220 mx.rook.example\r\n");
    socket.on("data", (octets: Buffer) => {
      for (const line of octets.toString("latin1").split("\r\n")) {
        if (line !== "") socket.write(line === "DATA" ? "354 go on\r\n" : "250 ok\r\n");
        if (line !== "DATA") continue;
        socket.pause();
        deaf.resolve();
      }
    });
  });
  const letter = outgoing({ content: Buffer.from(`${"x".repeat(998)}\r\n`.repeat(20_000)), to: ["bo@rook.example"] });
  const session = await open(stuck.port, clock);
  assert.ok(!("kind" in session));
  const sending = session.send(letter, MAY);
  const results: Awaited<typeof sending>[] = [];
  void sending.then((one) => results.push(one));
  await deaf.promise;
  // Every block that still finds room begins its time anew.
  while (results.length === 0) {
    await new Promise(setImmediate);
    clock.advance(1000);
  }
  assert.match(JSON.stringify(results[0]), /"timeout"/);
  await using honest = await startPeer();
  const other = await open(honest.port, clock);
  assert.ok(!("kind" in other));
  await other.send(letter, MAY);
  assert.equal(honest.contents.length, 1);
  await other.quit();
});
