import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bytes, fromUtf8, utf8 } from "../base/mod.ts";
import { domain, type Envelope, type Mailbox, NO_DEMAND, NULL_REVERSE_PATH } from "../mail/mod.ts";
import type { QueueId } from "../queue/mod.ts";
import { statusOf } from "../status/mod.ts";
import { bounceFor, type Bounce, readStart, reportedFailures } from "./bounce.ts";

const NOW = Date.UTC(2026, 2, 3, 9, 14, 7);
const mailbox = (localPart: string, host: string): Mailbox => ({ localPart, domain: domain(host) });

function envelope(more: Partial<Envelope> = {}): Envelope {
  return {
    reversePath: { kind: "mailbox", mailbox: mailbox("ada", "pine.example") },
    recipients: [{ mailbox: mailbox("bo", "oak.example") }, { mailbox: mailbox("cy", "oak.example"), notify: "never" }],
    body: "7bit",
    smtpUtf8: false,
    dsn: {},
    demand: NO_DEMAND,
    origin: { kind: "local" },
    content: { size: 1, eightBit: false, bareCrLf: false, nul: false, endsInCrlf: true, longestLine: 1 },
    ...more,
  };
}

function bounce(more: Partial<Envelope> = {}, start = "Subject: secret plans\r\nMessage-ID: <1@x>\r\n\r\n"): Bounce {
  const claim = { envelope: envelope(more), message: "0a" as QueueId, acceptedAt: NOW - 1000 };
  const made = bounceFor(claim, [{ index: 0, status: statusOf("null-mx") }], {
    id: "0b" as QueueId,
    hostname: domain("mx1.rook.example"),
    postmaster: mailbox("postmaster", "rook.example"),
    now: NOW,
    start: utf8(start),
  });
  assert.ok(made !== undefined);
  return made;
}

test("bounceFor: the notice as it is queued: null reverse-path, asking for no notice itself (RFC 5321 §6.1, RFC 3461 §6.2)", () => {
  const { message, body } = bounce();
  const lines = fromUtf8(body).split("\r\n");
  assert.deepEqual(message, {
    id: "0b",
    acceptedAt: NOW,
    envelope: {
      reversePath: NULL_REVERSE_PATH,
      recipients: [{ mailbox: mailbox("ada", "pine.example"), notify: "never" }],
      body: "7bit",
      smtpUtf8: false,
      dsn: {},
      demand: NO_DEMAND,
      origin: { kind: "generated" },
      content: {
        size: body.length,
        eightBit: false,
        bareCrLf: false,
        nul: false,
        endsInCrlf: true,
        longestLine: Math.max(...lines.map((line) => line.length)),
      },
    },
    units: [{ destination: "pine.example", recipients: [0] }],
  });
  assert.match(lines.slice(0, 3).join(" "), /^Received: by mx1\.rook\.example .*for <ada@pine\.example>;\s/);
});

test("bounceFor: an internationalised sender makes the notice need SMTPUTF8 (RFC 6531 §3.4)", () => {
  const { message } = bounce({ reversePath: { kind: "mailbox", mailbox: mailbox("ä", "pine.example") } });
  assert.deepEqual(
    [message.envelope.smtpUtf8, message.envelope.body, message.envelope.content.eightBit],
    [true, "8bitmime", true],
  );
});

test("bounceFor: what required TLS comes back with nothing but what identifies it (RFC 8689 §5)", () => {
  for (const demand of [
    { level: "secure", propagate: true, because: [] },
    { level: "secure", propagate: false, because: [] },
    { level: "encrypt", propagate: false, because: [] },
  ] as const) {
    const text = fromUtf8(bounce({ demand }).body);
    assert.ok(text.includes("Message-ID: <1@x>") && !text.includes("secret plans"));
  }
});

test("bounceFor: nobody to tell, nothing to tell", () => {
  const options = {
    id: "0b" as QueueId,
    hostname: domain("mx1.rook.example"),
    postmaster: mailbox("postmaster", "rook.example"),
    now: NOW,
    start: new Uint8Array(0),
  };
  const claim = { envelope: envelope(), message: "0a" as QueueId, acceptedAt: NOW };
  const failed = [0, 1, 2].map((index) => ({ index, status: statusOf("null-mx") }));
  assert.equal(bounceFor(claim, [], options), undefined);
  const empty = { ...claim, envelope: envelope({ reversePath: NULL_REVERSE_PATH }) };
  assert.equal(bounceFor(empty, failed, options), undefined);
  assert.deepEqual(reportedFailures(empty, { failed }), []);
  assert.deepEqual(
    reportedFailures(claim, { failed }).map(({ index }) => index),
    [0],
  );
});

test("readStart: a bounded beginning, and no more is read than that", async () => {
  let chunks = 0;
  async function* endless(): AsyncIterable<Bytes> {
    for (;;) {
      chunks++;
      yield await Promise.resolve(new Uint8Array(40_000));
    }
  }
  assert.equal((await readStart(endless())).length, 65_536);
  assert.equal(chunks, 2);
  async function* small(): AsyncIterable<Bytes> {
    yield await Promise.resolve(utf8("ab"));
    yield utf8("c");
  }
  assert.equal(fromUtf8(await readStart(small())), "abc");
});
