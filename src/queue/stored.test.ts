import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { domain, type Envelope, NO_DEMAND } from "../mail/mod.ts";
import { statusOf } from "../status/mod.ts";
import type { RecipientState } from "./port.ts";
import { decodeEnvelope, decodeRecipients, encodeEnvelope, encodeRecipients } from "./stored.ts";

const ENVELOPE: Envelope = {
  reversePath: { kind: "mailbox", mailbox: { localPart: "ann", domain: domain("pine.example") } },
  recipients: [{ mailbox: { localPart: "bo", domain: domain("rook.example") }, notify: ["failure"] }],
  body: "7bit",
  smtpUtf8: false,
  dsn: {},
  demand: NO_DEMAND,
  origin: { kind: "local" },
  content: { size: 1, eightBit: false, bareCrLf: false, nul: false, endsInCrlf: true, longestLine: 1 },
};

test("an envelope comes back as it was, members unknown today included", () => {
  const extended = { ...ENVELOPE, future: { x: [1, "two"] } };
  assert.deepEqual(decodeEnvelope(encodeEnvelope(extended)), { ok: true, value: extended });
});

const DAMAGE: readonly (readonly [string, (stored: string) => string, RegExp])[] = [
  ["cut short", (stored) => stored.slice(0, -5), /no JSON/],
  ["not an object", () => "[]", /envelope is no object/],
  ["newer", (stored) => stored.replace('"version":1', '"version":2'), /version is 2/],
  ["without a version", (stored) => stored.replace('"version":1,', ""), /envelope\.version/],
  ["bad domain", (stored) => stored.replace("rook.example", "rook..example"), /recipients\[0\]\.mailbox\.domain/],
  ["upper-case domain", (stored) => stored.replace("rook.example", "Rook.example"), /recipients\[0\]\.mailbox\.domain/],
  ["bad body type", (stored) => stored.replace("7bit", "9bit"), /envelope\.body/],
  ["bad notify", (stored) => stored.replace('["failure"]', '["sometimes"]'), /notify\[0\]/],
  ["bad path kind", (stored) => stored.replace('"kind":"mailbox"', '"kind":"x"'), /reversePath\.kind/],
  ["no demand", (stored) => stored.replace('"demand"', '"wish"'), /envelope\.demand/],
];

test("a damaged envelope is an error that says where", () => {
  for (const [what, damage, says] of DAMAGE) {
    const decoded = decodeEnvelope(damage(encodeEnvelope(ENVELOPE)));
    assert.equal(decoded.ok, false, what);
    assert.match(decoded.ok ? "" : decoded.error, says, what);
  }
});

test("recipient states come back as they were", () => {
  const state = fc.constantFrom<RecipientState>(
    { kind: "pending" },
    { kind: "pending", last: { ...statusOf("remote-reply"), peer: { host: "mx.rook.example", address: "192.0.2.1" } } },
    { kind: "delivered", status: statusOf("ok"), at: 17 },
    {
      kind: "failed",
      status: { ...statusOf("remote-reply"), reply: { code: 550, enhanced: "5.1.1", lines: ["no"] } },
      at: 3,
    },
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), state)), (entries) => {
      const recipients = new Map(entries);
      assert.deepEqual(decodeRecipients(encodeRecipients(recipients)), { ok: true, value: recipients });
    }),
  );
});

test("decoding never throws, whatever is stored", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (stored) => {
      decodeEnvelope(stored);
      decodeRecipients(stored);
    }),
  );
  for (const bad of [
    "{}",
    "[[0]]",
    '[["0",{}]]',
    "[[0.5]]",
    '[[0,{"kind":"gone"}]]',
    "null",
    '[[1,{"kind":"failed","at":1}]]',
  ]) {
    assert.equal(decodeRecipients(bad).ok, false, bad);
  }
});
