import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { statusOf } from "../../../src/status/mod.ts";
import { ManualClock } from "../../support/clock.ts";
import { gone, honest, limits, tcpTo, untilEnd } from "./_abuse.ts";
import { type Dialogue, dial, listening, type Listening } from "./_dialogue.ts";
import { recording } from "./_reception.ts";
import { bareSession } from "./_runner.ts";

const NOTHING = [[], { handlers: 0, sinks: 0 }];
const TOO_SLOW = { code: 421, lines: ["4.4.2 The content comes in too slowly"] };
const TALK = ["EHLO a", "MAIL FROM:<ada@pine.example>", "RCPT TO:<bo@rook.example>"];

/** A client that got an answer to each of `lines`. */
async function after(server: Listening, ...lines: readonly string[]): Promise<Dialogue> {
  const client = await dial(server.address);
  await client.reply();
  for (const line of lines) await client.ask(line);
  return client;
}

/** Lets the event loop turn until `holds`. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}

/** Gives what is under way some time; nothing depends on whether it was enough. */
async function settled(turns = 20): Promise<void> {
  for (let at = 0; at < turns; at++) await new Promise(setImmediate);
}

test("J03: a dot is taken off behind CRLF alone, and only one", () => {
  for (const [sent, kept] of [
    ["\n..\r\n", "\n..\r\n"],
    ["a\r..\r\n", "a\r..\r\n"],
    ["..\r\n", ".\r\n"],
    ["...\r\n", "..\r\n"],
    ["a\r\n..b\r\n", "a\r\n.b\r\n"],
  ] as const) {
    const house = recording();
    const seen: string[] = [];
    const bare = bareSession(
      recording({ write: (chunk) => void seen.push(Buffer.from(chunk).toString("latin1")) }).reception,
    );
    for (const line of [...TALK, "DATA"]) bare.send(`${line}\r\n`);
    bare.send(`${sent}.\r\n`);
    assert.equal(seen.join(""), kept, JSON.stringify(sent));
    assert.deepEqual(house.breaches, []);
  }
});

test("J04: BDAT at its edges: no size breaks the session's framing, and nothing is held for it (RFC 3030 §3)", async () => {
  const kept = recording();
  await using server = await listening({ reception: kept.reception });
  const table: readonly (readonly [readonly string[], string, readonly number[]])[] = [
    [["EHLO a"], "BDAT 2 LAST\r\nxx", [503]],
    [TALK, "BDAT 0 LAST\r\n", [250]],
    [TALK, "BDAT -1\r\n", [501]],
    [TALK, "BDAT 1e99 LAST\r\n", [501]],
    [TALK, "BDAT 0x10\r\n", [501]],
    [TALK, "BDAT\r\n", [501]],
    [TALK, "BDAT 99999999999999999999999999\r\n", [501]],
    [TALK, "BDAT 1\r\nx", [250]],
    [TALK, "BDAT 1\r\nxDATA\r\n", [250, 503]],
    [TALK, "BDAT 1\r\nxMAIL FROM:<>\r\n", [250, 503]],
  ];
  for (const [lines, text, codes] of table) {
    using client = await after(server, ...lines);
    client.send(text);
    const got: number[] = [];
    for (const _code of codes) got.push((await client.reply())?.code ?? 0);
    assert.deepEqual([text, got], [text, codes]);
  }
  // Far beyond what may be sent, told beforehand: dropped as it comes, and refused.
  using client = await after(server, ...TALK);
  client.send("BDAT 2147483648 LAST\r\n");
  client.send("x".repeat(1_000_000));
  client.socket.end();
  await gone(client.socket);
  await honest(server.address);
  await server.listener.close();
  assert.deepEqual([kept.breaches, kept.open()], NOTHING);
});

test("J04: a message of ten thousand chunks of one octet is one message", () => {
  const kept = recording();
  const bare = bareSession(kept.reception);
  for (const line of TALK) bare.send(`${line}\r\n`);
  for (let at = 0; at < 10_000; at++) bare.send("BDAT 1\r\nx");
  assert.ok(bare.runner.buffered === 0);
  bare.send("BDAT 0 LAST\r\n");
  assert.equal(bare.replies().at(-2)?.code, 250);
  assert.deepEqual([kept.breaches, kept.open().handlers <= 1], [[], true]);
});

test("J05: who talks ahead of a reply that must be awaited is cut off, and nothing of it is done (RFC 2920 §3.1)", async () => {
  const kept = recording();
  await using server = await listening({ reception: kept.reception });
  for (const [lines, ahead] of [
    [[], "EHLO a\r\nMAIL FROM:<>\r\n"],
    [["EHLO a"], "EHLO b\r\nMAIL FROM:<>\r\n"],
    [["HELO a"], "MAIL FROM:<>\r\nRCPT TO:<bo@rook.example>\r\n"],
    [TALK, "DATA\r\nSubject: ahead\r\n\r\nx\r\n.\r\n"],
    [["EHLO a"], "NOOP\r\nMAIL FROM:<>\r\n"],
    [["EHLO a"], "AUTH PLAIN AGEAYg==\r\nMAIL FROM:<>\r\n"],
    [["EHLO a"], "VRFY bo\r\nMAIL FROM:<>\r\n"],
  ] as const) {
    using client = await after(server, ...lines);
    client.send(ahead);
    assert.deepEqual(
      [ahead, await client.reply()],
      [ahead, { code: 554, lines: ["5.5.0 Protocol error: talking ahead of a reply"] }],
    );
    assert.equal(await client.reply(), undefined);
  }
  await honest(server.address);
  await server.listener.close();
  assert.deepEqual([kept.taken.length, kept.breaches, kept.open()], [1, ...NOTHING]);
});

test("J06: after a refused message nothing of its transaction is left (RFC 5321 §4.1.1.4)", async () => {
  const refuse = recording({ finish: () => Promise.resolve(statusOf("content-refused")) });
  await using server = await listening({ reception: refuse.reception });
  for (const content of [["DATA", "x\r\n."], ["BDAT 3 LAST\r\nx"], ["DATA", "a\nb\r\n."]]) {
    using client = await after(server, ...TALK, ...content);
    assert.deepEqual(
      [await client.ask("RCPT TO:<bo@rook.example>"), await client.ask("DATA"), await client.ask("MAIL FROM:<>")],
      [503, 503, 250],
    );
  }
  await server.listener.close();
  assert.deepEqual([refuse.breaches, refuse.open()], NOTHING);
});

test("J08: what xtext hides is looked at: no NUL and no line end in ENVID or ORCPT (RFC 3461 §4)", async () => {
  const kept = recording();
  await using server = await listening({ reception: kept.reception });
  using client = await after(server, "EHLO a");
  assert.deepEqual(
    [
      await client.ask("MAIL FROM:<> ENVID=a+00b"),
      await client.ask("MAIL FROM:<> ENVID=a+0D+0Ab"),
      await client.ask("MAIL FROM:<> ENVID=a+0db"),
      await client.ask("MAIL FROM:<> ENVID=ok+2B"),
      await client.ask("RCPT TO:<bo@rook.example> ORCPT=rfc822;+0D+0A"),
      await client.ask("RCPT TO:<bo@rook.example> ORCPT=rfc822;a+00@b.example"),
      await client.ask("RCPT TO:<bo@rook.example> ORCPT=rfc822;bo@rook.example"),
    ],
    [501, 501, 501, 250, 501, 501, 250],
  );
});

test("J09: an address means one thing, and a tangle of one is refused in time (RFC 5321 §4.1.2)", async () => {
  const seen: string[] = [];
  const kept = recording({
    recipient(request) {
      if (request.path.kind === "mailbox") {
        seen.push(`${request.path.mailbox.localPart} at ${request.path.mailbox.domain}`);
      }
      return statusOf("ok-recipient");
    },
  });
  await using server = await listening({ reception: kept.reception });
  using client = await after(server, "EHLO a", "MAIL FROM:<>");
  const codes: number[] = [];
  for (const path of [
    '<"a@evil.example"@rook.example>',
    "<a%evil.example@rook.example>",
    "<evil.example!a@rook.example>",
    "<@evil.example,@x.example:a@rook.example>",
    "<a@rook.example>b@evil.example",
    "<a@evil.example,b@rook.example>",
    "<a@rook.example@evil.example>",
    "<a@rook.example\u0000>",
    `<${"(".repeat(3000)}a@rook.example>`,
    `<"${"\\\\".repeat(1500)}"@rook.example>`,
  ]) {
    codes.push(await client.ask(`RCPT TO:${path}`));
  }
  assert.deepEqual(codes, [250, 250, 250, 250, 501, 501, 501, 501, 501, 501]);
  assert.ok(
    seen.every((one) => one.endsWith(" at rook.example")),
    seen.join(),
  );
});

test("L01: commands that trickle in end after their time, and honest mail passes beside them (RFC 5321 §4.5.3.2.7)", async () => {
  using seen = limits();
  const clock = new ManualClock();
  await using server = await listening({ reception: recording().reception, clock });
  const slow = await Promise.all(Array.from({ length: 50 }, () => after(server)));
  // One octet in nine seconds.
  const text = "MAIL FROM:<ada@pine.example> SIZE=1000";
  for (let at = 0; at < 33; at++) {
    for (const client of slow) client.send(text.charAt(at));
    await settled(2);
    clock.advance(9000);
  }
  assert.deepEqual(seen.told, []);
  await honest(server.address);
  clock.advance(3000);
  for (const client of slow) {
    assert.equal((await client.reply())?.code, 421);
    client.socket.destroy();
  }
  assert.deepEqual([seen.told.length, seen.told[0]], [50, "command-time 127.0.0.1"]);
});

test("L01: a session that only says what brings no mail ends, and one that brings mail goes on", async () => {
  using seen = limits();
  const limit = { limits: { junkCommands: 5 } };
  await using server = await listening({ reception: recording().reception, ...limit });
  for (const line of ["NOOP", "RSET", "VRFY bo", "HELP", "EHLO a", "HELO a"]) {
    using client = await after(server, "EHLO a", ...Array.from({ length: 4 }, () => line));
    assert.deepEqual([line, await client.ask(line), await client.reply()], [line, 421, undefined]);
  }
  assert.deepEqual(
    seen.told,
    Array.from({ length: 6 }, () => "mistakes 127.0.0.1"),
  );
  using client = await after(server, "EHLO a");
  for (let at = 0; at < 10; at++) {
    for (const line of ["NOOP", "RSET", "NOOP", ...TALK.slice(1), "DATA"]) assert.ok((await client.ask(line)) < 400);
    assert.equal(await client.ask("x\r\n."), 250);
  }
});

test("L01: a connection ends between two commands when it has lasted for too long; content is taken to its end", async () => {
  using seen = limits();
  const clock = new ManualClock();
  let writes = 0;
  const kept = recording({ write: () => void writes++ });
  const times = { connectionTime: 600_000, contentRate: 0 };
  await using server = await listening({ reception: kept.reception, clock, limits: times });
  using busy = await after(server, ...TALK, "DATA");
  using lazy = await after(server, "EHLO a");
  for (let at = 0; at < 4; at++) {
    busy.send("x\r\n");
    await until(() => writes > at);
    clock.advance(149_000);
    assert.equal(await lazy.ask("RSET"), 250);
  }
  const said = lazy.reply();
  clock.advance(4_000);
  assert.deepEqual(await said, { code: 421, lines: ["4.4.2 The connection has lasted for too long"] });
  busy.send(".\r\n");
  assert.deepEqual(await busy.reply(), { code: 250, lines: ["2.6.0 Message accepted"] });
  clock.advance(1);
  assert.equal((await busy.reply())?.code, 421);
  assert.deepEqual([kept.taken.length, seen.told], [1, Array(2).fill("connection-time 127.0.0.1")]);
});

test("L01: content that is refused already keeps no connection beyond its time, by DATA and BDAT", async () => {
  using seen = limits();
  const clock = new ManualClock();
  const kept = recording();
  const times = { connectionTime: 600_000, contentRate: 0, messageSize: 1000 };
  await using server = await listening({ reception: kept.reception, clock, limits: times });
  using data = await after(server, ...TALK, "DATA");
  using chunk = await after(server, ...TALK);
  chunk.send("BDAT 999999999 LAST\r\n");
  using lazy = await after(server, "EHLO a");
  for (let at = 0; at < 4; at++) {
    for (const client of [data, chunk]) client.send("x".repeat(2000));
    assert.equal(await lazy.ask("NOOP"), 250);
    clock.advance(149_000);
  }
  const said = [data.reply(), chunk.reply()];
  clock.advance(4_000);
  for (const reply of await Promise.all(said)) {
    assert.deepEqual(reply, { code: 421, lines: ["4.4.2 The connection has lasted for too long"] });
  }
  assert.deepEqual([kept.taken.length, seen.told], [0, Array(3).fill("connection-time 127.0.0.1")]);
});

test("L01: however fast refused content comes, it ends with the time of its connection", async () => {
  using seen = limits();
  const kept = recording();
  const times = { connectionTime: 100, messageSize: 1000 };
  await using server = await listening({ reception: kept.reception, limits: times });
  using flood = await after(server, ...TALK, "DATA");
  const flow = setInterval(() => flood.socket.writableNeedDrain || flood.send("x".repeat(60_000)), 0);
  const reply = await flood.reply();
  clearInterval(flow);
  assert.deepEqual([reply?.code, seen.told], [421, ["connection-time 127.0.0.1"]]);
});

test("L02: content slower than its rate is cut off by DATA and BDAT, one that stands still too; one at the rate is taken", async () => {
  using seen = limits();
  const clock = new ManualClock();
  let octets = 0;
  const kept = recording({
    write(chunk) {
      octets += chunk.length;
    },
  });
  await using server = await listening({ reception: kept.reception, clock });
  using slow = await after(server, ...TALK, "DATA");
  using chunked = await after(server, ...TALK);
  chunked.send("BDAT 1000 LAST\r\n");
  using still = await after(server, ...TALK, "DATA");
  using steady = await after(server, ...TALK, "DATA");
  for (let second = 0; second < 29; second++) {
    slow.send("x");
    chunked.send("x");
    steady.send(`${"x".repeat(98)}\r\n`);
    await until(() => octets === (second + 1) * 102);
    clock.advance(1000);
  }
  assert.deepEqual(seen.told, []);
  const slowly = octets - 29 * 100;
  const ends = Promise.all([slow.reply(), chunked.reply(), still.reply()]);
  for (let second = 29; second < 120; second++) {
    steady.send(`${"x".repeat(98)}\r\n`);
    await until(() => octets === slowly + (second + 1) * 100);
    clock.advance(1000);
  }
  assert.deepEqual(
    await ends,
    Array.from({ length: 3 }, () => TOO_SLOW),
  );
  steady.send(".\r\n");
  assert.deepEqual(await steady.reply(), { code: 250, lines: ["2.6.0 Message accepted"] });
  assert.deepEqual([kept.taken.length, seen.told], [1, Array(3).fill("content-rate 127.0.0.1")]);
  for (const client of [slow, chunked, still, steady]) client.socket.destroy();
  await server.listener.close();
  assert.deepEqual([kept.breaches, kept.open()], NOTHING);
});

test("L02: the time that a slow store takes is not the client's", async () => {
  using seen = limits();
  const clock = new ManualClock();
  const gate = Promise.withResolvers<void>();
  const writing = Promise.withResolvers<void>();
  const kept = recording({
    write() {
      writing.resolve();
      return gate.promise;
    },
  });
  await using server = await listening({ reception: kept.reception, clock });
  using client = await after(server, ...TALK, "DATA");
  client.send("x\r\n");
  await writing.promise;
  clock.advance(3_000_000);
  await settled();
  gate.resolve();
  await settled();
  assert.equal(await client.ask("."), 250);
  assert.deepEqual(seen.told, []);
});

test("L03: a line without an end is dropped as it comes, in a command and in content (RFC 5321 §4.5.3.1)", () => {
  const kept = recording();
  const bare = bareSession(kept.reception);
  bare.send("EHLO a\r\n");
  let held = 0;
  for (let at = 0; at < 1000; at++) {
    bare.send("x".repeat(10_000));
    held = Math.max(held, bare.runner.buffered);
  }
  bare.send("\r\n");
  assert.deepEqual([bare.replies().at(-1)?.code, bare.runner.buffered, held < 16_384], [500, 0, true]);
  for (const line of [...TALK.slice(1), "DATA"]) bare.send(`${line}\r\n`);
  for (let at = 0; at < 100; at++) {
    bare.send("x".repeat(10_000));
    held = Math.max(held, bare.runner.buffered);
  }
  bare.send("\r\n.\r\n");
  assert.equal(held < 16_384, true);
  assert.equal(kept.open().handlers <= 1, true);
});

test("L05: recipients beyond the limit get 452, and those before it their mail (RFC 5321 §4.5.3.1.10)", async () => {
  const kept = recording();
  await using server = await listening({ reception: kept.reception, limits: { recipients: 100 } });
  using client = await after(server, ...TALK.slice(0, 2));
  client.send("RCPT TO:<bo@rook.example>\r\n".repeat(5000));
  const codes = new Map<number, number>();
  for (let at = 0; at < 5000; at++) {
    const { code = 0 } = (await client.reply()) ?? {};
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  assert.deepEqual(
    [...codes],
    [
      [250, 100],
      [452, 4900],
    ],
  );
  assert.deepEqual([await client.ask("DATA"), await client.ask("x\r\n.")], [354, 250]);
  assert.equal(kept.taken[0]?.recipients.length, 100);
});

test("a client that never reads our replies holds little, and is cut off after the time of a command", async () => {
  using seen = limits();
  const clock = new ManualClock();
  const kept = recording();
  await using server = await listening({ reception: kept.reception, clock, limits: { junkCommands: Infinity } });
  const deaf = await tcpTo(server.address);
  await once(deaf, "data");
  deaf.pause();
  deaf.write("EHLO a\r\n");
  await settled();
  // Until neither side's buffers take any more.
  let full = false;
  const flood = Buffer.from("RSET\r\n".repeat(10_000));
  while (!full) {
    full = await Promise.race([
      new Promise<boolean>((resolve) => deaf.write(flood, () => resolve(false))),
      settled(2000).then(() => true),
    ]);
  }
  await honest(server.address);
  clock.advance(300_000);
  await settled();
  assert.deepEqual(seen.told, ["command-time 127.0.0.1"]);
  deaf.destroy();
  await server.listener.close();
  assert.deepEqual([kept.breaches, kept.open()], NOTHING);
});

test("mistakes and transactions without end are bounded, and told of", async () => {
  using seen = limits();
  await using server = await listening({ reception: recording().reception, limits: { errors: 3, transactions: 2 } });
  using wrong = await after(server, "EHLO a", "XYZZY", "XYZZY", "XYZZY");
  assert.equal(await wrong.ask("XYZZY"), 421);
  using many = await after(server, "EHLO a", "MAIL FROM:<>", "RSET", "MAIL FROM:<>", "RSET");
  assert.equal(await many.ask("MAIL FROM:<>"), 421);
  assert.deepEqual(seen.told, ["mistakes 127.0.0.1", "connection-time 127.0.0.1"]);
  assert.match(await untilEnd(await tcpTo(server.address).then((socket) => socket.end("QUIT\r\n"))), /^(?:554|220)/);
});
