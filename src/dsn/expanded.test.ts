import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../base/mod.ts";
import { domain, type Mailbox, NO_DEMAND, NULL_REVERSE_PATH } from "../mail/mod.ts";
import { expandedNotice, type ExpandedParts } from "./expanded.ts";
import { parseDeliveryReport } from "./parse.ts";
import { withoutSuccess } from "./wishes.ts";

const AT = Date.UTC(2026, 2, 3, 9, 14, 7);
const mailbox = (localPart: string, host: string): Mailbox => ({ localPart, domain: domain(host) });

function parts(more: Partial<ExpandedParts> = {}): ExpandedParts {
  return {
    id: "000n1",
    reportingMta: domain("mx.rook.example"),
    from: mailbox("postmaster", "rook.example"),
    reversePath: { kind: "mailbox", mailbox: mailbox("ada", "pine.example") },
    at: AT,
    aliases: [
      {
        mailbox: mailbox("sales", "rook.example"),
        notify: ["success"],
        original: { type: "rfc822", address: "s@old.example" },
      },
      { mailbox: mailbox("all", "rook.example"), notify: ["failure"] },
      { mailbox: mailbox("team", "rook.example") },
      { mailbox: mailbox("x", "rook.example"), notify: "never" },
    ],
    original: {
      id: "000a1",
      arrivedAt: AT,
      dsn: { envid: "e1", ret: "full" },
      demand: NO_DEMAND,
      origin: { kind: "local" },
      start: utf8("Subject: hi\r\n\r\nbody\r\n"),
      complete: true,
    },
    trace: "Received: by mx.rook.example; Tue, 3 Mar 2026 09:14:07 +0000\r\n",
    ...more,
  };
}

test("expandedNotice: of the aliases that asked for SUCCESS alone (RFC 3461 §5.2.7.3, §5.2.8)", () => {
  const notice = expandedNotice(parts());
  assert.ok(notice !== undefined);
  assert.deepEqual(notice.envelope.reversePath, NULL_REVERSE_PATH);
  const read = parseDeliveryReport(notice.body);
  assert.ok(read.ok);
  assert.deepEqual(read.value.recipients, [
    {
      original: { type: "rfc822", value: "s@old.example" },
      final: { type: "rfc822", value: "sales@rook.example" },
      action: "expanded",
      status: "2.0.0",
      lastAttempt: AT,
      logId: "000a1",
    },
  ]);
  assert.equal(read.value.message.envelopeId, "e1");
  assert.equal(read.value.returned?.type, "text/rfc822-headers");
});

test("expandedNotice: none when nobody asked or nobody can be told (RFC 3461 §5.2)", () => {
  const [asked] = parts().aliases;
  assert.equal(expandedNotice(parts({ aliases: parts().aliases.slice(1) })), undefined);
  assert.equal(expandedNotice(parts({ aliases: [] })), undefined);
  assert.ok(asked !== undefined);
  assert.equal(expandedNotice(parts({ aliases: [asked], reversePath: NULL_REVERSE_PATH })), undefined);
});

test("withoutSuccess: what the targets of such an alias are told of (RFC 3461 §5.2.7.3)", () => {
  assert.deepEqual(
    [undefined, "never", ["success"], ["success", "failure"], ["delay"], ["success", "failure", "delay"]].map(
      (notify) => withoutSuccess(notify as Parameters<typeof withoutSuccess>[0]),
    ),
    [undefined, "never", "never", ["failure"], ["delay"], ["failure", "delay"]],
  );
});
