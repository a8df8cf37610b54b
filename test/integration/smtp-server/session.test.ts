import assert from "node:assert/strict";
import { connect as connectTcp } from "node:net";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import { statusOf } from "../../../src/status/mod.ts";
import { certificates, dial, listening, talk } from "./_dialogue.ts";
import { recording } from "./_reception.ts";

const MAIL = "MAIL FROM:<ada@pine.example>";
const RCPT = "RCPT TO:<bo@rook.example>";

for (const late of [false, true]) {
  const how = late ? "answers given later" : "answers given at once";

  test(`a message comes in by DATA, ${how} (RFC 5321 §4.1.1)`, async () => {
    const kept = recording({ late });
    await using server = await listening({ reception: kept.reception });
    using client = await dial(server.address);
    assert.deepEqual(await client.reply(), { code: 220, lines: ["mx.rook.example ESMTP"] });
    client.send("EHLO out.pine.example\r\n");
    assert.deepEqual((await client.reply())?.lines, [
      "mx.rook.example",
      "PIPELINING",
      "SIZE 50000000",
      "8BITMIME",
      "SMTPUTF8",
      "ENHANCEDSTATUSCODES",
      "DSN",
      "CHUNKING",
      "BINARYMIME",
      "LIMITS MAILMAX=10000 RCPTMAX=1000",
    ]);
    client.send(`${MAIL} SIZE=20 BODY=8BITMIME RET=HDRS ENVID=q+2B77\r\n`);
    assert.deepEqual(await client.reply(), { code: 250, lines: ["2.1.0 Sender ok"] });
    client.send(`${RCPT} NOTIFY=NEVER\r\n`);
    assert.deepEqual(await client.reply(), { code: 250, lines: ["2.1.5 Recipient ok"] });
    client.send("DATA\r\n");
    assert.deepEqual(await client.reply(), { code: 354, lines: ["Send the message, end with CRLF.CRLF"] });
    client.send("Subject: x\r\n\r\n..dot \xe9\r\n.\r\n");
    assert.deepEqual(await client.reply(), { code: 250, lines: ["2.6.0 Message accepted"] });
    client.send("QUIT\r\n");
    assert.deepEqual(await client.reply(), { code: 221, lines: ["2.0.0 Bye"] });
    assert.equal(await client.reply(), undefined);
    client.socket.end();
    const [message] = kept.taken;
    assert.equal(Buffer.from(message?.content ?? []).toString("latin1"), "Subject: x\r\n\r\n.dot \xe9\r\n");
    assert.deepEqual(message?.facts, {
      size: 22,
      eightBit: true,
      bareCrLf: false,
      nul: false,
      endsInCrlf: true,
      longestLine: 10,
    });
    assert.deepEqual(message?.request.dsn, { ret: "hdrs", envid: "q+77" });
    assert.deepEqual(message?.peer.hello, { verb: "EHLO", text: "out.pine.example" });
    assert.deepEqual(kept.breaches, []);
    assert.deepEqual(kept.open(), { handlers: 0, sinks: 0 });
  });

  test(`a pipelined group and pipelined BDATs are answered in order, ${how} (RFC 2920 §3.1, RFC 3030 §4)`, async () => {
    const kept = recording({
      late,
      recipient: ({ path }) => statusOf(path.kind === "postmaster" ? "ok-recipient" : "unknown-recipient"),
    });
    await using server = await listening({ reception: kept.reception });
    using client = await dial(server.address);
    await client.reply();
    await client.ask("EHLO a");
    client.send(
      `${MAIL}\r\n${RCPT}\r\nRCPT TO:<postmaster>\r\nBDAT 4\r\na\n\0cBDAT 0\r\nBDAT 2 LAST\r\n\r\n${MAIL}\r\nRSET\r\nQUIT\r\n`,
    );
    const codes: number[] = [];
    for (let reply = await client.reply(); reply !== undefined; reply = await client.reply()) codes.push(reply.code);
    assert.deepEqual(codes, [250, 550, 250, 250, 250, 250, 250, 250, 221]);
    assert.equal(Buffer.from(kept.taken[0]?.content ?? []).toString("latin1"), "a\n\0c\r\n");
    assert.deepEqual([kept.breaches, kept.open()], [[], { handlers: 0, sinks: 0 }]);
  });

  test(`who talks before the greeting, or ahead of a reply without PIPELINING, is shown the door, ${how}`, async () => {
    const kept = recording({ late });
    await using server = await listening({ reception: kept.reception });
    const table: readonly (readonly [readonly string[], string])[] = [
      [["HELO a", `${MAIL}\r\n${RCPT}`], "554 5.5.0"],
      [["EHLO a", `NOOP\r\n${MAIL}`], "554 5.5.0"],
      [["EHLO a", `EHLO b\r\n${MAIL}`], "554 5.5.0"],
      [["EHLO a", "VRFY a\r\nQUIT"], "554 5.5.0"],
      [["EHLO a", "QUIT\r\nNOOP"], "554 5.5.0"],
      [["EHLO a", MAIL, RCPT, "DATA\r\nSubject: x"], "554 5.5.0"],
      [["HELO a", MAIL, RCPT, "DATA", "x\r\n.\r\nQUIT"], "554 5.5.0"],
      [["NOOP\r\nEHLO a"], "554 5.5.0"],
      [["EHLO a", "NO\nOP\r\nQUIT"], "500 5.5.2"],
    ];
    for (const [lines, answer] of table) {
      using client = await dial(server.address);
      await client.reply();
      for (const line of lines.slice(0, -1)) await client.ask(line);
      client.send(`${lines.at(-1)}\r\n`);
      const reply = await client.reply();
      assert.equal(`${reply?.code} ${reply?.lines[0]?.slice(0, 5)}`, answer, lines.join(" | "));
      assert.equal(await client.reply(), undefined);
    }
    assert.deepEqual([kept.taken, kept.breaches, kept.open()], [[], [], { handlers: 0, sinks: 0 }]);
  });
}

test("what came with the connection came before the greeting (RFC 5321 §4.3.1)", async () => {
  const kept = recording();
  const tls = await certificates();
  await using plain = await listening({ reception: kept.reception });
  await using implicit = await listening({ reception: kept.reception, tls: "implicit", certificates: tls });
  const rude = [
    connectTcp({ port: plain.address.port, host: "127.0.0.1" }),
    connectTls({ port: implicit.address.port, host: "127.0.0.1", ca: tls.ca, servername: "mx.rook.example" }),
  ];
  for (const socket of rude) {
    socket.write("EHLO a\r\n");
    using client = talk(socket);
    assert.deepEqual(await client.reply(), {
      code: 554,
      lines: ["5.5.0 Protocol error: talking before the greeting"],
    });
    assert.equal(await client.reply(), undefined);
  }
});

test("a client that was turned away is served QUIT alone (RFC 5321 §3.1)", async () => {
  const kept = recording({ connected: () => statusOf("policy-refused", "Not you") });
  await using server = await listening({ reception: kept.reception });
  using client = await dial(server.address);
  assert.deepEqual(await client.reply(), { code: 550, lines: ["Not you"] });
  assert.deepEqual([await client.ask("EHLO a"), await client.ask(MAIL), await client.ask("QUIT")], [503, 503, 221]);
});

test("A17: octets behind STARTTLS end the connection without a word, a partial line included (RFC 3207 §4.2)", async () => {
  const tls = await certificates();
  const kept = recording();
  await using server = await listening({ reception: kept.reception, tls: "starttls", certificates: tls });
  for (const injected of [`${MAIL}\r\n`, "M", "\n", "\0"]) {
    using client = await dial(server.address);
    await client.reply();
    await client.ask("EHLO a");
    client.send(`STARTTLS\r\n${injected}`);
    assert.equal(await client.reply(), undefined, JSON.stringify(injected));
  }
});

test("limits end in the replies that their RFCs name", async () => {
  const kept = recording();
  const limits = { messageSize: 100, recipients: 2, transactions: 5, errors: 3 };
  await using server = await listening({ reception: kept.reception, limits });
  using client = await dial(server.address);
  await client.reply();
  await client.ask("EHLO a");
  assert.equal(await client.ask(`${MAIL} SIZE=101`), 552);
  assert.deepEqual(
    [await client.ask(`${MAIL} SIZE=100`), await client.ask(RCPT), await client.ask(RCPT)],
    [250, 250, 250],
  );
  client.send(`${RCPT}\r\n`);
  assert.deepEqual(await client.reply(), { code: 452, lines: ["4.5.3 Too many recipients"] });
  assert.equal(await client.ask("DATA"), 354);
  client.send(`${"x".repeat(99)}\r\n.\r\n`);
  assert.deepEqual(await client.reply(), { code: 552, lines: ["5.3.4 The message is too big"] });
  assert.deepEqual([await client.ask(MAIL), await client.ask(RCPT)], [250, 250]);
  client.send(`BDAT 60\r\n${"x".repeat(60)}BDAT 60 LAST\r\n${"x".repeat(60)}`);
  assert.deepEqual([(await client.reply())?.code, (await client.reply())?.code], [250, 552]);
  assert.equal(await client.ask("BDAT 0 LAST"), 503);
  assert.equal(await client.ask(`NOOP ${"x".repeat(4096)}`), 500);
  assert.deepEqual(
    [await client.ask(MAIL), await client.ask("RSET"), await client.ask(MAIL), await client.ask("RSET")],
    [250, 250, 250, 250],
  );
  assert.equal(await client.ask(MAIL), 421);
  assert.equal(await client.reply(), undefined);
  assert.deepEqual([kept.taken, kept.breaches, kept.open()], [[], [], { handlers: 0, sinks: 0 }]);
  using clumsy = await dial(server.address);
  await clumsy.reply();
  assert.deepEqual(
    [await clumsy.ask("A"), await clumsy.ask("DATA"), await clumsy.ask("EHLO"), await clumsy.ask("B")],
    [500, 503, 501, 421],
  );
});

test("where TLS is required, little is served without it (RFC 3207 §4)", async () => {
  const kept = recording();
  await using server = await listening({
    reception: kept.reception,
    role: "submission",
    tls: "starttls",
    certificates: await certificates(),
  });
  using client = await dial(server.address);
  await client.reply();
  const codes: number[] = [];
  for (const line of ["EHLO a", "NOOP", MAIL, "BDAT 4\r\nNO", "RSET", "STARTTLS x", "QUIT"])
    codes.push(await client.ask(line));
  assert.deepEqual(codes, [250, 250, 530, 530, 530, 501, 221]);
});

test("a bare CR or LF in content is refused after the end, and the session goes on (RFC 5321 §2.3.8)", async () => {
  const kept = recording();
  await using server = await listening({ reception: kept.reception });
  using client = await dial(server.address);
  await client.reply();
  await client.ask("EHLO a");
  for (const content of ["a\nb", "a\rb", "a\r\r", "\n", "a\n.\nMAIL FROM:<x@y.example>"]) {
    assert.deepEqual([await client.ask(MAIL), await client.ask(RCPT), await client.ask("DATA")], [250, 250, 354]);
    client.send(`${content}\r\n.\r\n`);
    assert.deepEqual(await client.reply(), { code: 550, lines: ["5.5.2 A CR or LF outside CRLF is not allowed"] });
  }
  assert.deepEqual([kept.taken, kept.breaches, kept.open()], [[], [], { handlers: 0, sinks: 0 }]);
});

test("what breaks in the house is a temporary failure, and the session goes on", async () => {
  const throws = (): never => {
    throw new Error("broken");
  };
  const kept = recording({ write: throws });
  await using server = await listening({ reception: kept.reception });
  using client = await dial(server.address);
  await client.reply();
  await client.ask("EHLO a");
  assert.deepEqual([await client.ask(MAIL), await client.ask(RCPT), await client.ask("DATA")], [250, 250, 354]);
  client.send("x\r\n");
  assert.equal(await client.ask("."), 451);
  assert.equal(await client.ask("NOOP"), 250);
  assert.deepEqual([kept.taken, kept.breaches, kept.open()], [[], [], { handlers: 0, sinks: 0 }]);
});

test("a client that ends its half still gets its replies", async () => {
  const kept = recording({ late: true });
  await using server = await listening({ reception: kept.reception });
  using client = await dial(server.address);
  await client.reply();
  await client.ask("EHLO a");
  await client.ask(MAIL);
  await client.ask(RCPT);
  await client.ask("DATA");
  client.socket.end("x\r\n.\r\nRSET\r\n");
  assert.deepEqual(
    [(await client.reply())?.code, (await client.reply())?.code, await client.reply()],
    [250, 250, undefined],
  );
  assert.equal(kept.taken.length, 1);
});
