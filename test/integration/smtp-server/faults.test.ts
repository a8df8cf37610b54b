import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { test } from "node:test";
import { createSecureContext, type SecureContext } from "node:tls";
import { subscribe } from "../../../src/observe/mod.ts";
import type { Reception } from "../../../src/smtp/server/mod.ts";
import { statusOf } from "../../../src/status/mod.ts";
import { dial, listening } from "./_dialogue.ts";
import { recording } from "./_reception.ts";
import { bareSession } from "./_runner.ts";

const fails = (): never => {
  throw new Error("the house is on fire");
};
const failsLater = (): Promise<never> => Promise.reject(new Error("the house is on fire"));

for (const [how, fail] of [
  ["throws", fails],
  ["rejects", failsLater],
] as const) {
  test(`a house that ${how} gives a temporary failure at every question, and the operator hears of it`, async () => {
    const faults: string[] = [];
    using _listening = subscribe("hopseal:fault", ({ text }) => faults.push(text));
    const good = recording();
    const without = async (broken: Partial<Reception>, recipient = false, content = false): Promise<number[]> => {
      const reception: Reception = {
        ...good.reception,
        ...broken,
        ...(recipient || content
          ? {
              mail: () => ({
                recipient: recipient ? fail : () => statusOf("ok-recipient"),
                content: content ? fail : () => statusOf("system-busy"),
                reset() {},
              }),
            }
          : {}),
      };
      await using server = await listening({ reception });
      using client = await dial(server.address);
      const codes = [(await client.reply())?.code ?? 0];
      for (const line of ["EHLO a", "MAIL FROM:<>", "RCPT TO:<bo@rook.example>", "DATA"]) {
        if (codes.at(-1) !== 421) codes.push(await client.ask(line));
      }
      return codes;
    };
    assert.deepEqual(await without({ connected: fail }), [421]);
    assert.deepEqual(await without({ mail: fail }), [220, 250, 451, 503, 503]);
    assert.deepEqual(await without({}, true), [220, 250, 250, 451, 554]);
    assert.deepEqual(await without({}, false, true), [220, 250, 250, 250, 451]);
    assert.deepEqual(faults, Array(4).fill("Error: the house is on fire"));
  });

  test(`a sink whose write or finish ${how} is answered with a temporary failure`, async () => {
    for (const options of [{ write: fail }, { finish: fail }]) {
      const kept = recording(options);
      await using server = await listening({ reception: kept.reception });
      using client = await dial(server.address);
      await client.reply();
      for (const line of ["EHLO a", "MAIL FROM:<>", "RCPT TO:<bo@rook.example>", "DATA"]) await client.ask(line);
      client.send("one\r\n");
      client.send("two\r\n");
      assert.equal(await client.ask("."), 451);
      assert.equal(await client.ask("RSET"), 250);
      assert.deepEqual([kept.taken, kept.breaches, kept.open()], [[], [], { handlers: 0, sinks: 0 }]);
    }
  });
}

test("a bug ends its own connection, cleans up and is told; nothing else suffers", () => {
  const faults: string[] = [];
  using _listening = subscribe("hopseal:fault", ({ text }) => faults.push(text));
  const kept = recording();
  const session = bareSession(kept.reception);
  for (const line of ["EHLO a", "MAIL FROM:<>", "RCPT TO:<bo@rook.example>", "BDAT 1\r\n."])
    session.send(`${line}\r\n`);
  session.runner.secured({ version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256" });
  assert.equal(session.closed, "at once");
  assert.equal(faults.length, 1);
  assert.match(faults[0] ?? "", /got "tls" in "chunk-expected"/);
  assert.deepEqual([kept.breaches, kept.open()], [[], { handlers: 0, sinks: 0 }]);
});

test("beyond the number of connections, and while shutting down, a client gets 421 (RFC 5321 §3.8)", async () => {
  const kept = recording();
  await using server = await listening({ reception: kept.reception, connections: 1 });
  using first = await dial(server.address);
  assert.equal((await first.reply())?.code, 220);
  using second = await dial(server.address);
  assert.deepEqual([(await second.reply())?.code, await second.reply()], [421, undefined]);
  assert.equal(await first.ask("QUIT"), 221);
});

test("STARTTLS without a certificate that can be had is answered 454, and the session goes on (RFC 3207 §4)", async () => {
  const faults: string[] = [];
  using _listening = subscribe("hopseal:fault", ({ text }) => faults.push(text));
  const kept = recording();
  await using server = await listening({
    reception: kept.reception,
    tls: "starttls",
    certificates: { contextFor: fails },
  });
  using client = await dial(server.address);
  await client.reply();
  await client.ask("EHLO a");
  client.send("STARTTLS\r\n");
  assert.deepEqual(await client.reply(), { code: 454, lines: ["4.7.0 TLS is not available now"] });
  assert.deepEqual(
    [await client.ask("STARTTLS"), await client.ask("NOOP"), await client.ask("MAIL FROM:<>")],
    [454, 250, 250],
  );
  assert.equal(faults.length, 2);
});

test("a certificate that goes after 220 ends the connection, and not in plaintext (RFC 3207 §4.1)", async () => {
  const faults: string[] = [];
  using _listening = subscribe("hopseal:fault", ({ text }) => faults.push(text));
  const kept = recording();
  let asked = 0;
  const contextFor = (): SecureContext => (asked++ === 0 ? createSecureContext() : fails());
  await using server = await listening({ reception: kept.reception, tls: "starttls", certificates: { contextFor } });
  using client = await dial(server.address);
  await client.reply();
  await client.ask("EHLO a");
  assert.equal(await client.ask("STARTTLS"), 220);
  assert.equal(await client.reply(), undefined);
  await using implicit = await listening({
    reception: kept.reception,
    tls: "implicit",
    certificates: { contextFor: fails },
  });
  const socket = connectTcp({ port: implicit.address.port, host: "127.0.0.1" });
  await once(
    socket.resume().on("error", () => {}),
    "close",
  );
  assert.equal(faults.length, 2);
});

test("a dictionary attack, and lines that are not UTF-8, are bounded", async () => {
  const kept = recording({ recipient: () => statusOf("unknown-recipient") });
  await using server = await listening({ reception: kept.reception, limits: { refusedRecipients: 3, errors: 2 } });
  using client = await dial(server.address);
  await client.reply();
  await client.ask("EHLO a");
  await client.ask("MAIL FROM:<>");
  const codes: number[] = [];
  for (let at = 0; at < 4; at++) codes.push(await client.ask("RCPT TO:<bo@rook.example>"));
  assert.deepEqual([codes, await client.reply()], [[550, 550, 550, 421], undefined]);
  using other = await dial(server.address);
  await other.reply();
  assert.deepEqual([await other.ask("\xff"), await other.ask("NO\0OP"), await other.ask("\r")], [500, 501, 421]);
  assert.deepEqual([kept.breaches, kept.open()], [[], { handlers: 0, sinks: 0 }]);
});

test("every refusal is told to the operator with its stage and cause, and nothing else is", async () => {
  const told: string[] = [];
  using _listening = subscribe("hopseal:refused", ({ stage, client, cause }) =>
    told.push(`${stage} ${client} ${cause}`),
  );
  const kept = recording({
    recipient: ({ path }) => statusOf(path.kind === "postmaster" ? "ok-recipient" : "relay-denied"),
  });
  await using server = await listening({ reception: kept.reception });
  using client = await dial(server.address);
  await client.reply();
  for (const line of [
    "EHLO",
    "EHLO a",
    "XYZZY",
    "MAIL FROM:<>",
    "RCPT TO:<bo@rook.example>",
    "RCPT TO:<postmaster>",
    "DATA",
  ]) {
    await client.ask(line);
  }
  await client.ask("a\nb\r\n.");
  client.send("NOOP\r\nQUIT\r\n");
  await client.reply();
  assert.deepEqual(told, [
    "command 127.0.0.1 bad-argument",
    "command 127.0.0.1 unknown-command",
    "rcpt 127.0.0.1 relay-denied",
    "data 127.0.0.1 bare-cr-lf",
    "command 127.0.0.1 pipelining-violation",
  ]);
});
