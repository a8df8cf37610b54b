import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import { systemClock } from "../../../src/base/mod.ts";
import {
  type AdmissionLimits,
  type CountingAdmission,
  createAdmission,
  type Standing,
} from "../../../src/receive/mod.ts";
import type { Admission } from "../../../src/smtp/server/mod.ts";
import { statusOf } from "../../../src/status/mod.ts";
import { ManualClock } from "../../support/clock.ts";
import { certificates, type Dialogue, listening } from "../smtp-server/_dialogue.ts";
import { recording } from "../smtp-server/_reception.ts";
import { dialFrom, greetingOf, limitsHeard, sendMail, socketFrom } from "./_clients.ts";

const MALLORY = "127.0.0.66";
const HONEST = "127.0.0.2";
const OURS = "127.0.0.9";
const DELIVERED = [250, 250, 250, 354, 250];

function admissionOf(
  limits: Partial<AdmissionLimits>,
  standings: Readonly<Record<string, Partial<Standing>>> = {},
): CountingAdmission {
  const all = {
    connections: 1000,
    reserved: 0,
    perClient: 1000,
    perMinute: 1000,
    ipv4Prefix: 32,
    ipv6Prefix: 64,
    ...limits,
  };
  return createAdmission({
    clock: systemClock,
    limits: () => all,
    standingOf: (address) => ({ relay: false, listed: undefined, ...standings[address] }),
  });
}

async function all(clients: readonly Dialogue[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const client of clients) {
    const said = await greetingOf(client);
    counts.set(said, (counts.get(said) ?? 0) + 1);
  }
  return counts;
}

async function crowd(from: string, count: number, to: Parameters<typeof dialFrom>[1]): Promise<Dialogue[]> {
  return await Promise.all(Array.from({ length: count }, () => dialFrom(from, to)));
}

function closeAll(clients: readonly Dialogue[]): void {
  for (const client of clients) client[Symbol.dispose]();
}

test("one client's connections are bounded, and the honest client beside it is served (RFC 5321 §7.8)", async () => {
  using limits = limitsHeard();
  const kept = recording();
  const admission = admissionOf({ perClient: 5 });
  await using server = await listening({ reception: kept.reception, admission });
  const flood = await crowd(MALLORY, 20, server.address);
  assert.deepEqual(
    await all(flood),
    new Map([
      ["220", 5],
      ["421 4.7.0 Too many connections from your address", 15],
    ]),
  );
  using honest = await dialFrom(HONEST, server.address);
  assert.equal(await greetingOf(honest), "220");
  assert.deepEqual(await sendMail(honest, "bo@rook.example"), DELIVERED);
  assert.deepEqual(new Set(limits.heard), new Set([`client-connections ${MALLORY}`]));
  assert.equal(limits.heard.length, 15);
  closeAll(flood);
});

test("all connections are bounded, and the operator's own mail still enters", async () => {
  using limits = limitsHeard();
  const kept = recording();
  const admission = admissionOf({ connections: 12, reserved: 2, perClient: 4 }, { [OURS]: { relay: true } });
  await using server = await listening({ reception: kept.reception, admission });
  const flood = (
    await Promise.all([61, 62, 63, 64, 65].map((last) => crowd(`127.0.0.${last}`, 4, server.address)))
  ).flat();
  assert.deepEqual(
    await all(flood),
    new Map([
      ["220", 10],
      ["421 4.7.0 Too many connections", 10],
    ]),
  );
  assert.deepEqual([admission.open, server.listener.active], [10, 10]);
  using own = await dialFrom(OURS, server.address);
  assert.equal(await greetingOf(own), "220");
  assert.deepEqual(await sendMail(own, "bo@rook.example"), DELIVERED);
  assert.ok(limits.heard.every((line) => line.startsWith("connections 127.0.0.6")));
  // A place that comes free is given again.
  closeAll(flood);
  while (admission.open > 1) await new Promise(setImmediate);
  using honest = await dialFrom(HONEST, server.address);
  assert.equal(await greetingOf(honest), "220");
});

test("one client's new connections are bounded in a minute, however short they are", async () => {
  using limits = limitsHeard();
  const kept = recording();
  await using server = await listening({ reception: kept.reception, admission: admissionOf({ perMinute: 7 }) });
  const said = new Map<string, number>();
  for (let at = 0; at < 20; at++) {
    using client = await dialFrom(MALLORY, server.address);
    const greeting = await greetingOf(client);
    said.set(greeting, (said.get(greeting) ?? 0) + 1);
    if (greeting === "220") await client.ask("QUIT");
  }
  assert.deepEqual(
    said,
    new Map([
      ["220", 7],
      ["421 4.7.0 Too many new connections from your address, try again later", 13],
    ]),
  );
  using honest = await dialFrom(HONEST, server.address);
  assert.equal(await greetingOf(honest), "220");
  assert.deepEqual(await sendMail(honest, "bo@rook.example"), DELIVERED);
  assert.equal(limits.heard.length, 13);
});

test("a denied client gets 554 and then QUIT alone (RFC 5321 §3.1), and its mail is nowhere", async () => {
  using limits = limitsHeard();
  const kept = recording();
  const admission = admissionOf({}, { [MALLORY]: { listed: "deny" } });
  await using server = await listening({ reception: kept.reception, admission });
  using denied = await dialFrom(MALLORY, server.address);
  assert.deepEqual(await denied.reply(), { code: 554, lines: ["Your address is not served here"] });
  const codes = [];
  for (const line of ["EHLO out.pine.example", "MAIL FROM:<>", "QUIT"]) codes.push(await denied.ask(line));
  assert.deepEqual(codes, [503, 503, 221]);
  assert.equal(await denied.reply(), undefined);
  using again = await dialFrom(MALLORY, server.address);
  assert.equal((await again.reply())?.code, 554);
  for (let at = 0; at < 3; at++) assert.equal(await again.ask("NOOP"), 503);
  assert.equal(await again.ask("NOOP"), 421);
  assert.equal(admission.open, 0);
  assert.deepEqual(new Set(limits.heard.slice(0, 2)), new Set([`client-denied ${MALLORY}`]));
  using honest = await dialFrom(HONEST, server.address);
  assert.equal(await greetingOf(honest), "220");
  assert.deepEqual(await sendMail(honest, "bo@rook.example"), DELIVERED);
  assert.equal(kept.taken.length, 1);
});

test("the denied hold little: half a minute, and a hundred at a time", async () => {
  const kept = recording();
  const clock = new ManualClock();
  const admission = admissionOf({}, { [MALLORY]: { listed: "deny" } });
  await using server = await listening({ reception: kept.reception, admission, clock });
  const denied = await crowd(MALLORY, 110, server.address);
  for (const client of denied) assert.equal((await client.reply())?.code, 554);
  const ended = new Set<number>();
  const ends = denied.map(async (client, at) => {
    while ((await client.reply()) !== undefined);
    ended.add(at);
  });
  while (ended.size < 10) await new Promise(setImmediate);
  assert.equal(ended.size, 10);
  clock.advance(30_000);
  await Promise.all(ends);
  closeAll(denied);
});

test("with TLS from the first octet who is refused is closed without a word, before any handshake", async () => {
  const kept = recording();
  const tls = await certificates();
  const admission = admissionOf({ perClient: 1 }, { [MALLORY]: { listed: "deny" } });
  const options = { role: "submissions", tls: "implicit", certificates: tls } as const;
  await using server = await listening({ reception: kept.reception, admission, ...options });
  using first = await dialFrom(HONEST, server.address);
  for (const from of [MALLORY, HONEST]) {
    const socket = await socketFrom(from, server.address);
    let octets = 0;
    socket.on("data", (chunk) => (octets += chunk.length)).on("error", () => {});
    await Promise.race([once(socket, "end"), once(socket, "close")]);
    assert.equal(octets, 0);
    socket.destroy();
  }
  first.socket.resetAndDestroy();
  while (admission.open > 0) await new Promise(setImmediate);
  const socket = connectTls({
    host: "127.0.0.1",
    port: server.address.port,
    ca: tls.ca,
    servername: "mx.rook.example",
    ALPNProtocols: ["smtp"],
  });
  await once(socket, "secureConnect");
  assert.match(String((await once(socket, "data"))[0]), /^220 /);
  socket.destroy();
});

test("admission may answer later; one that fails lets nobody in, and a client that left meanwhile is counted out", async () => {
  const kept = recording();
  const answers: PromiseWithResolvers<ReturnType<typeof statusOf> | undefined>[] = [];
  const left: string[] = [];
  const admission: Admission = {
    enter() {
      const answer = Promise.withResolvers<ReturnType<typeof statusOf> | undefined>();
      answers.push(answer);
      return answer.promise;
    },
    leave: (address) => void left.push(address),
  };
  await using server = await listening({ reception: kept.reception, admission });
  const asked = async (count: number): Promise<void> => {
    while (answers.length < count) await new Promise(setImmediate);
  };
  using client = await dialFrom(HONEST, server.address);
  await asked(1);
  answers[0]?.resolve(undefined);
  assert.equal(await greetingOf(client), "220");
  using refused = await dialFrom(HONEST, server.address);
  await asked(2);
  answers[1]?.resolve(statusOf("too-many-connections"));
  assert.equal(await greetingOf(refused), "421 4.7.0 Too many connections");
  using unlucky = await dialFrom(HONEST, server.address);
  await asked(3);
  answers[2]?.reject(new Error("the parent is gone"));
  assert.equal(await greetingOf(unlucky), "421 4.3.0 Local error, try again later");
  assert.deepEqual(left, []);
  const gone = await dialFrom("127.0.0.3", server.address);
  await asked(4);
  gone.socket.resetAndDestroy();
  answers[3]?.resolve(undefined);
  while (left.length === 0) await new Promise(setImmediate);
  assert.deepEqual(left, ["127.0.0.3"]);
  assert.equal(await client.ask("QUIT"), 221);
  client.socket.end();
  while (left.length === 1) await new Promise(setImmediate);
  assert.deepEqual(left, ["127.0.0.3", HONEST]);
});

test("a client that is gone before its answer comes is counted out, and keeps nothing from ending", async () => {
  const kept = recording();
  const left: string[] = [];
  for (const refusal of [undefined, statusOf("too-many-connections"), statusOf("client-denied")]) {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<typeof refusal>();
    const admission: Admission = {
      enter() {
        asked.resolve();
        return answer.promise;
      },
      leave: (address) => void left.push(address),
    };
    await using server = await listening({ reception: kept.reception, admission });
    const gone = Promise.withResolvers<void>();
    // Its end is heard before the answer, as it is by a worker whose parent is busy.
    await using doors = createServer({ allowHalfOpen: true }, (socket) => {
      socket.once("close", () => gone.resolve());
      server.listener.accept(socket);
    }).listen(0, "127.0.0.1");
    await once(doors, "listening");
    const client = await socketFrom(HONEST, doors.address() as AddressInfo);
    await asked.promise;
    client.resetAndDestroy();
    await gone.promise;
    answer.resolve(refusal);
    await new Promise(setImmediate);
    await server.listener.close(0);
    assert.equal(server.listener.active, 0);
  }
  assert.deepEqual(left, [HONEST]);
});

test("every connection that was let in is counted out once, however it ends", async () => {
  const kept = recording();
  const counts = { entered: 0, left: 0 };
  const admission: Admission = {
    enter() {
      counts.entered++;
      return undefined;
    },
    leave: () => void counts.left++,
  };
  const tls = await certificates();
  await using server = await listening({ reception: kept.reception, admission, tls: "starttls", certificates: tls });
  for (let at = 0; at < 40; at++) {
    const client = await dialFrom(HONEST, server.address);
    if (at % 4 > 0) await client.reply();
    if (at % 4 > 1) await client.ask("EHLO a");
    if (at % 8 === 6) await client.ask("STARTTLS");
    if (at % 8 === 7) client.send("MAIL FROM:<>\r\nRCPT TO:<bo@rook.example>\r\nDATA\r\n");
    if (at % 3 === 0 || at % 8 === 6) client.socket.resetAndDestroy();
    else if (at % 3 === 1) client.socket.destroy();
    else client.send("QUIT\r\n");
    if (at % 3 === 2) client.socket.end();
  }
  while (counts.left < 40) await new Promise(setImmediate);
  assert.deepEqual(counts, { entered: 40, left: 40 });
  assert.equal(server.listener.active, 0);
});
