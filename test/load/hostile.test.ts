import assert from "node:assert/strict";
import { connect as connectTcp, type Socket } from "node:net";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import { seededRandom } from "../../src/base/mod.ts";
import { latencies } from "./measure.ts";
import { startDaemon } from "./scene.ts";

/** How far a client goes in the ordinary way before it sends rubbish. */
const WAY = [
  "EHLO hostile.pine.example\r\n",
  "MAIL FROM:<ada@pine.example>\r\n",
  "RCPT TO:<bo@rook.example>\r\n",
  "DATA\r\n",
  "Subject: x\r\n__proto__: x\r\nconstructor: x\r\nhasOwnProperty: x\r\n\r\nx\r\n",
  ".\r\n",
] as const;

const random = seededRandom(20_261_122);
const octets = (count: number): Buffer => Buffer.from(Array.from({ length: count }, () => random.below(256)));

const RUBBISH: readonly (() => Buffer)[] = [
  () => octets(1),
  () => octets(1000),
  () => octets(70_000),
  () => Buffer.from("\0".repeat(5000)),
  () => Buffer.from("\r\n".repeat(5000)),
  () => Buffer.from("\n.\n\r.\r\r\n\0.\r\n"),
  () => Buffer.from("BDAT 18446744073709551616 LAST\r\n"),
  () => Buffer.from("BDAT 5\r\nab"),
  () => Buffer.from("MAIL FROM:<\u202e@\ud83d\ude00> SIZE=1e9 ENVID=+00 BODY=X\r\n"),
  () => Buffer.from(`RCPT TO:<${"(".repeat(4000)}>\r\n`),
  () => Buffer.from("AUTH PLAIN =\r\nAUTH X\r\n*\r\n"),
  () => Buffer.from("STARTTLS\r\nMAIL FROM:<>\r\n"),
  () => Buffer.from([22, 3, 1, 255, 255, 1, 0, 0, 0]),
  () => Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
  () => Buffer.from("PROXY TCP4 1 2 3 4\r\n"),
];
const ENDS = ["half", "reset", "wait"] as const;

/** Goes `stage` steps of the way, sends rubbish and leaves; whatever the server does about it is fine. */
function assault(socket: Socket, stage: number, rubbish: Buffer, end: (typeof ENDS)[number]): Promise<void> {
  return new Promise((resolve) => {
    let at = 0;
    let sent = false;
    const leave = (): void => {
      if (end === "reset") socket.resetAndDestroy();
      else if (end === "half") socket.end();
      else socket.destroySoon();
    };
    const next = (): void => {
      if (at < stage) socket.write(WAY[at++] ?? "");
      // Content gets no reply of its own.
      if (at === 5 && at < stage) socket.write(WAY[at++] ?? "");
      if (at < stage || sent) return;
      sent = true;
      socket.write(rubbish, leave);
    };
    socket.on("data", next).on("error", () => socket.destroy());
    socket.on("end", () => socket.destroy()).on("close", () => resolve());
    if (stage < 0) next();
  });
}

test("J10, K05, L07: whatever is sent at any stage, in clear and in TLS, the program lives and honest mail passes", async () => {
  await using daemon = await startDaemon(1);
  const [clear = 0, tls = 0] = daemon.ports;
  const pid = daemon.pid;
  for (let stage = -1; stage <= WAY.length; stage++) {
    const under: Promise<void>[] = [];
    for (const [which, rubbish] of RUBBISH.entries()) {
      const end = ENDS[(which + stage + ENDS.length) % ENDS.length] ?? "half";
      under.push(assault(connectTcp({ port: clear, host: "127.0.0.1" }), stage, rubbish(), end));
      // Rubbish inside TLS, and in its place.
      const socket = connectTls({ port: tls, host: "127.0.0.1", rejectUnauthorized: false });
      under.push(assault(socket, stage, rubbish(), end === "reset" ? "wait" : end));
      under.push(assault(connectTcp({ port: tls, host: "127.0.0.1" }), -1, rubbish(), end));
    }
    assert.equal((await latencies(clear, 2)).length, 2, `stage ${stage}`);
    await Promise.all(under);
  }
  assert.equal((await latencies(clear, 5)).length, 5);
  process.kill(pid, 0);
  assert.equal(await daemon.stop(), 0);
});
