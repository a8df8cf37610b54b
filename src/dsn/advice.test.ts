import assert from "node:assert/strict";
import { test } from "node:test";
import { type Status, statusOf } from "../status/mod.ts";
import { adviceOn } from "./advice.ts";

test("adviceOn: by cause, then by enhanced code, then by its subject (RFC 3463 §3)", () => {
  const said = (enhanced?: string): Status => ({
    cause: "remote-reply",
    code: 550,
    text: "no",
    ...(enhanced === undefined ? {} : { enhanced: enhanced as "5.0.0" }),
  });
  const rows: readonly (readonly [Status, RegExp])[] = [
    [statusOf("expired"), /^Send the message again later/],
    [statusOf("unknown-recipient"), /^Check the address/],
    [statusOf("null-mx"), /takes no mail at all/],
    [statusOf("sender-domain-null-mx"), /^Your own address/],
    [said("5.1.8"), /^Your own address/],
    [statusOf("mailbox-full"), /^The mailbox takes no mail now/],
    [statusOf("message-too-big"), /^Send a smaller message/],
    [statusOf("mail-loop"), /goes round in a circle/],
    [statusOf("utf8-recipient-refused"), /letters beyond ASCII/],
    [statusOf("requiretls-unsupported"), /protected transport/],
    [said("5.7.10"), /protected transport/],
    [statusOf("policy-refused"), /by its own rules/],
    [said("5.9.9"), /^Show this notice/],
    [said(), /^Show this notice/],
  ];
  for (const [status, wanted] of rows) assert.match(adviceOn(status), wanted);
});
