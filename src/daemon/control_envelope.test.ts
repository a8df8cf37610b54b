import assert from "node:assert/strict";
import { test } from "node:test";
import { domain, NULL_REVERSE_PATH } from "../mail/mod.ts";
import type { QueueId } from "../queue/mod.ts";
import { envelopeJson } from "./control_envelope.ts";

test("envelopeJson: whatever another MTA must know of the way is in it", () => {
  const mailbox = { localPart: "bo", domain: domain("rook.example") };
  const { recipients, tls } = envelopeJson({
    id: "abc" as QueueId,
    acceptedAt: 0,
    bodySize: 3,
    units: [],
    envelope: {
      reversePath: NULL_REVERSE_PATH,
      recipients: [{ mailbox, asked: { localPart: "info", domain: domain("rook.example") } }, { mailbox }],
      body: "7bit",
      smtpUtf8: false,
      dsn: {},
      demand: { level: "secure", by: ["dane"], mxAuthentic: "dnssec", propagate: true, because: [] },
      origin: { kind: "local" },
      content: { size: 3, eightBit: false, bareCrLf: false, nul: false, endsInCrlf: true, longestLine: 1 },
    },
  });
  assert.deepEqual(recipients, [
    { address: "bo@rook.example", asked: "info@rook.example", state: "done" },
    { address: "bo@rook.example", state: "done" },
  ]);
  assert.deepEqual(tls, { level: "secure", by: ["dane"], mx: "dnssec", requireTls: true, optional: false });
});
