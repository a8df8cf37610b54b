import assert from "node:assert/strict";
import { test } from "node:test";
import { domain, NO_DEMAND, type Recipient } from "../../mail/mod.ts";
import { NO_EXTENSIONS } from "./extensions.ts";
import { planTransaction } from "./plan.ts";
import { firstState } from "./step.ts";
import { TIMEOUTS } from "./timeouts.ts";

function rcpt(recipient: Recipient): string {
  const { session } = firstState({
    hostname: "out.pine.example",
    peer: { host: "mx.rook.example" },
    tls: "none",
    timeouts: TIMEOUTS,
    chunking: "needed",
    chunkSize: 1000,
  });
  const planned = planTransaction(
    { ...session, extensions: { ...NO_EXTENSIONS, dsn: true, smtpUtf8: true } },
    {
      envelope: { reversePath: { kind: "null" }, body: "7bit", smtpUtf8: false, dsn: {}, demand: NO_DEMAND },
      content: { size: 3, eightBit: false, bareCrLf: false, nul: false, endsInCrlf: true, longestLine: 1 },
      recipients: [recipient],
    },
  );
  assert.ok(planned.kind === "plan");
  return planned.plan.commands.find(({ kind }) => kind === "rcpt")?.line.trimEnd() ?? "";
}

test("planTransaction: ORCPT is passed on as it came, else it is the address that we accepted (RFC 3461 §5.2.1)", () => {
  const mailbox = { localPart: "bo", domain: domain("rook.example") };
  const asked = { localPart: "sales", domain: domain("rook.example") };
  const original = { type: "rfc822", address: "S@old.example" };
  const wide = { localPart: "verkäufe", domain: domain("rook.example") };
  assert.deepEqual(
    [
      { mailbox },
      { mailbox, original },
      { mailbox, asked },
      { mailbox, asked, original },
      { mailbox, asked: wide },
    ].map(rcpt),
    [
      "RCPT TO:<bo@rook.example>",
      "RCPT TO:<bo@rook.example> ORCPT=rfc822;S@old.example",
      "RCPT TO:<bo@rook.example> ORCPT=rfc822;sales@rook.example",
      "RCPT TO:<bo@rook.example> ORCPT=rfc822;S@old.example",
      "RCPT TO:<bo@rook.example> ORCPT=utf-8;verk\\x{E4}ufe@rook.example",
    ],
  );
});
