import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cause } from "./cause.ts";
import { finality } from "./status.ts";
import { statusOf, WIRE } from "./wire.ts";

const causes = Object.keys(WIRE) as Cause[];

test("WIRE: the class of the enhanced code is the first digit of the reply code, RFC 2034 §4", () => {
  for (const cause of causes) {
    const { code, enhanced } = WIRE[cause];
    assert.equal(enhanced[0], String(code)[0], cause);
    assert.match(enhanced, /^[245]\.(?:0|[1-9]\d{0,2})\.(?:0|[1-9]\d{0,2})$/, cause);
  }
});

test("WIRE: every code is one that RFC 5321 §4.2.3, RFC 7504, RFC 4954 §4 or RFC 3207 §4 knows", () => {
  const known = [
    235, 250, 421, 450, 451, 452, 454, 455, 500, 501, 502, 503, 504, 521, 530, 535, 550, 551, 552, 553, 554, 555, 556,
  ];
  assert.deepEqual(
    causes.filter((cause) => !known.includes(WIRE[cause].code)),
    [],
  );
});

test("WIRE: texts are one sentence without final period and without anything that could end a line", () => {
  for (const cause of causes) assert.match(WIRE[cause].text, /^[A-Z][ -~]{1,99}(?<!\.)$/, cause);
});

test("WIRE: what the standards or the design fix", () => {
  const fixed: Partial<Record<Cause, string>> = {
    // RFC 5321 §4.5.3.1.10
    "too-many-recipients": "452 4.5.3",
    // RFC 7505 §4.1, §4.2
    "null-mx": "556 5.1.10",
    "sender-domain-null-mx": "550 5.7.27",
    // RFC 6531 §3.7.4.2
    "utf8-recipient-refused": "553 5.6.7",
    "utf8-sender-refused": "550 5.6.7",
    "utf8-content-refused": "554 5.6.9",
    // RFC 8689 §5
    "requiretls-unsupported": "550 5.7.30",
    // RFC 4954 §6
    "auth-required": "530 5.7.0",
    "auth-failed": "535 5.7.8",
    "ok-auth": "235 2.7.0",
    // RFC 3207 §4
    "tls-required": "530 5.7.0",
    "tls-unavailable": "454 4.7.0",
    "bare-cr-lf": "550 5.5.2",
    "early-talker": "554 5.5.0",
    "pipelining-violation": "554 5.5.0",
    // RFC 3030 §3
    "conversion-required": "554 5.6.3",
    // RFC 1870 §6.1
    "message-too-big": "552 5.3.4",
    "no-storage": "452 4.3.1",
  };
  for (const [cause, expected] of Object.entries(fixed)) {
    const wire = WIRE[cause as Cause];
    assert.equal(`${wire.code} ${wire.enhanced}`, expected, cause);
  }
});

test("statusOf: the codes of its cause, and the text that was given or the standing one", () => {
  assert.deepEqual(statusOf("relay-denied"), {
    cause: "relay-denied",
    code: 550,
    enhanced: "5.7.1",
    text: "Relaying is not allowed",
  });
  assert.equal(statusOf("relay-denied", "No relaying from here").text, "No relaying from here");
});

test("finality: by the first digit alone, RFC 5321 §4.2.1", () => {
  assert.deepEqual(
    [250, 251, 354, 421, 450, 499, 500, 554].map((code) => finality({ ...statusOf("ok"), code })),
    ["success", "success", "success", "transient", "transient", "transient", "permanent", "permanent"],
  );
});
