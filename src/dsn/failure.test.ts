import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import PostalMime from "postal-mime";
import { fromUtf8, utf8 } from "../base/mod.ts";
import { domain, type Mailbox, type Notify, NULL_REVERSE_PATH, type Recipient } from "../mail/mod.ts";
import { statusOf } from "../status/mod.ts";
import { type FailureNotice, failureNotice, wantsFailureNotice } from "./failure.ts";
import { headerSection, isSevenBit, onlyFields, quotedPrintable } from "./header.ts";
import { field, printable, sevenBit } from "./text.ts";

const AT = Date.UTC(2026, 2, 3, 9, 14, 7);
const HEADER = "Received: from x\r\n\tby y\r\nMessage-ID: <1@pine.example>\r\nDate: now\r\nSubject: secret plans\r\n";

function mailbox(localPart: string, host: string): Mailbox {
  return { localPart, domain: domain(host) };
}

function notice(more: Partial<FailureNotice> = {}): FailureNotice {
  return {
    id: "000n1",
    original: "000a1",
    reportingMta: domain("mx.rook.example"),
    from: mailbox("postmaster", "mx.rook.example"),
    to: mailbox("ada", "pine.example"),
    at: AT,
    arrivedAt: AT - 3_600_000,
    recipients: [
      {
        recipient: { mailbox: mailbox("bo", "oak.example"), original: { type: "rfc822", address: "bo@old.example" } },
        status: {
          cause: "remote-reply",
          code: 550,
          enhanced: "5.1.1",
          text: "no such user",
          peer: { host: "mx.oak.example", address: "192.0.2.1" },
          reply: { code: 550, enhanced: "5.1.1", lines: ["5.1.1 no such", "5.1.1 user"] },
        },
      },
    ],
    start: utf8(`${HEADER}\r\nThe body, which nobody sees\r\n`),
    redact: false,
    trace: "Received: by mx.rook.example id 000n1; Tue, 3 Mar 2026 09:14:07 +0000\r\n",
    ...more,
  };
}

test("failureNotice: the whole notice (RFC 3464 §2, RFC 6522 §3)", () => {
  const { body, smtpUtf8 } = failureNotice(notice({ envid: "QQ314159" }));
  assert.equal(smtpUtf8, false);
  assert.deepEqual(fromUtf8(body).split("\r\n"), [
    "Received: by mx.rook.example id 000n1; Tue, 3 Mar 2026 09:14:07 +0000",
    "Date: Tue, 3 Mar 2026 09:14:07 +0000",
    'From: "Mail delivery" <postmaster@mx.rook.example>',
    "To: <ada@pine.example>",
    "Subject: Your message could not be delivered",
    "Message-ID: <000n1@mx.rook.example>",
    "Auto-Submitted: auto-replied",
    "MIME-Version: 1.0",
    "Content-Type: multipart/report; report-type=delivery-status;",
    ' boundary="=_000n1"',
    "",
    "--=_000n1",
    "Content-Type: text/plain; charset=us-ascii",
    "",
    "This is the mail server mx.rook.example. Your message of Tue, 3 Mar 2026",
    "08:14:07 +0000 could not be delivered to the addresses below and will not be",
    "tried again. Its number here was 000a1.",
    "",
    "bo@oak.example",
    "    mx.oak.example said: 550 5.1.1 no such user",
    "",
    "--=_000n1",
    "Content-Type: message/delivery-status",
    "",
    "Original-Envelope-Id: QQ314159",
    "Reporting-MTA: dns; mx.rook.example",
    "Arrival-Date: Tue, 3 Mar 2026 08:14:07 +0000",
    "",
    "Original-Recipient: rfc822; bo@old.example",
    "Final-Recipient: rfc822; bo@oak.example",
    "Action: failed",
    "Status: 5.1.1",
    "Remote-MTA: dns; mx.oak.example",
    "Diagnostic-Code: smtp; 550 5.1.1 no such 5.1.1 user",
    "Last-Attempt-Date: Tue, 3 Mar 2026 09:14:07 +0000",
    "",
    "--=_000n1",
    "Content-Type: text/rfc822-headers",
    "Content-Transfer-Encoding: 7bit",
    "",
    ...HEADER.split("\r\n"),
    "--=_000n1--",
    "",
  ]);
});

test("failureNotice: an independent parser finds the parts (RFC 6522 §3)", async () => {
  const { body } = failureNotice(notice());
  const mail = await PostalMime.parse(body, { rfc822Attachments: true });
  assert.equal(mail.from?.address, "postmaster@mx.rook.example");
  assert.equal(mail.to?.[0]?.address, "ada@pine.example");
  assert.match(mail.text ?? "", /mx\.oak\.example said: 550/);
  assert.deepEqual(
    mail.attachments.map((part) => part.mimeType),
    ["message/delivery-status", "text/rfc822-headers"],
  );
});

test("failureNotice: a redacted one returns only what identifies the original (RFC 8689 §5)", () => {
  const text = fromUtf8(failureNotice(notice({ redact: true })).body);
  assert.ok(text.includes("Message-ID: <1@pine.example>\r\nDate: now\r\n\r\n--=_000n1--"));
  assert.ok(!text.includes("secret plans"));
});

test("failureNotice: without an enhanced code of its class the status is 5.0.0, and our own findings have no diagnostic code", () => {
  const recipient: Recipient = { mailbox: mailbox("bo", "oak.example") };
  const cases = [
    { ...statusOf("null-mx") },
    { cause: "remote-reply", code: 550, text: "no" } as const,
    { cause: "remote-reply", code: 550, enhanced: "4.2.1", text: "no" } as const,
  ].map((status) => fromUtf8(failureNotice(notice({ recipients: [{ recipient, status }] })).body));
  assert.deepEqual(
    cases.map((text) => [/Status: (.*)\r/.exec(text)?.[1], text.includes("Diagnostic-Code")]),
    [
      ["5.1.10", false],
      ["5.0.0", false],
      ["5.0.0", false],
    ],
  );
});

test("failureNotice: a peer known by its address alone stands as a literal (RFC 3464 §2.1.2)", () => {
  const [one] = notice().recipients;
  assert.ok(one !== undefined);
  const text = (host: string): string =>
    fromUtf8(failureNotice(notice({ recipients: [{ ...one, status: { ...one.status, peer: { host } } }] })).body);
  assert.ok(text("192.0.2.1").includes("Remote-MTA: dns; [192.0.2.1]\r\n"));
  assert.ok(text("2001:db8::1").includes("Remote-MTA: dns; [IPv6:2001:db8::1]\r\n"));
});

test("failureNotice: everything but an internationalised sender stays 7-bit (RFC 6533 §3)", () => {
  const recipients = [
    { recipient: { mailbox: mailbox("bü", "oak.example") }, status: statusOf("unknown-recipient", "ü\r\nX: y") },
  ];
  const eightBit = failureNotice(notice({ recipients, start: utf8("Subject: Grüße\r\nX: y\r\n\r\nbody") }));
  const text = fromUtf8(eightBit.body);
  assert.ok(isSevenBit(eightBit.body));
  assert.equal(eightBit.smtpUtf8, false);
  assert.ok(text.includes("Final-Recipient: utf-8; b\\x{FC}@oak.example\r\n"));
  assert.ok(text.includes("Content-Transfer-Encoding: quoted-printable\r\n\r\nSubject: Gr=C3=BC=C3=9Fe\r\nX: y\r\n"));
  assert.ok(!text.includes("\r\nX: y\r\n\r\n--=_000n1\r\n"));
  assert.equal(failureNotice(notice({ to: mailbox("ä", "pine.example") })).smtpUtf8, true);
});

test("wantsFailureNotice: sender × NOTIFY, compared whole (RFC 5321 §6.1, RFC 3461 §4.1)", () => {
  const path = { kind: "mailbox", mailbox: mailbox("ada", "pine.example") } as const;
  const asked: readonly (Notify | undefined)[] = [
    undefined,
    "never",
    [],
    ["failure"],
    ["success"],
    ["delay"],
    ["success", "failure", "delay"],
  ];
  const rows = [NULL_REVERSE_PATH, path].map((from) =>
    asked.map((notify) =>
      wantsFailureNotice(from, { mailbox: path.mailbox, ...(notify === undefined ? {} : { notify }) }),
    ),
  );
  assert.deepEqual(rows, [
    [false, false, false, false, false, false, false],
    [true, false, false, true, false, false, true],
  ]);
});

test("headerSection: it ends where the body may begin, however broken the message", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["A: b\r\n\r\nbody: x\r\n", "A: b\r\n"],
    ["A: b\r\nno field here\r\nC: d\r\n\r\n", "A: b\r\n"],
    ["just text\r\nA: b\r\n", ""],
    [" continued: x\r\nA: b\r\n", ""],
    ["A: b\r\n c\r\n\td\r\nE : f\r\n\r\n", "A: b\r\n c\r\n\td\r\nE : f\r\n"],
    ["A: b\r\nC: incompl", "A: b\r\n"],
    ["", ""],
    [": x\r\n", ""],
    ["A b: c\r\n", ""],
    ["https://example: body\r\n", "https://example: body\r\n"],
  ];
  for (const [message, header] of rows) assert.equal(fromUtf8(headerSection(utf8(message))), header, message);
});

test("headerSection, quotedPrintable and onlyFields: any octets", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
      const header = headerSection(octets);
      assert.deepEqual(octets.subarray(0, header.length), header);
      assert.ok(onlyFields(header, new Set(["a"])).length <= header.length);
      const encoded = quotedPrintable(octets);
      assert.ok(encoded.every((octet) => octet < 0x7f));
      assert.ok(
        fromUtf8(encoded)
          .split("\r\n")
          .every((line) => line.length <= 76 && !/[ \t]$/.test(line)),
      );
      assert.deepEqual(decodeQuotedPrintable(fromUtf8(encoded)), octets);
    }),
  );
});

test("onlyFields: fields with their continuations", () => {
  const header = utf8("A: 1\r\n 2\r\nB: 3\r\na : 4\r\n\t5\r\nAB: 6\r\n");
  assert.equal(fromUtf8(onlyFields(header, new Set(["a"]))), "A: 1\r\n 2\r\na : 4\r\n\t5\r\n");
});

test("field: lines are folded at words and never split what cannot be folded (RFC 5322 §2.1.1)", () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[!-~]{1,40}$/), { minLength: 1, maxLength: 30 }), (words) => {
      const lines = field("Diagnostic-Code", words.join(" ")).split("\r\n");
      assert.equal(lines.pop(), "");
      assert.ok(lines.every((line) => line.length <= 78));
      assert.equal(lines.join("").slice("Diagnostic-Code: ".length), words.join(" "));
    }),
  );
});

test("printable and sevenBit: nothing but printable ASCII comes out", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 50 }), (text) => {
      assert.match(printable(text), /^[\x20-\x7e]*$/);
      assert.match(sevenBit(text), /^[\x21-\x7e]*$/);
    }),
  );
});

function decodeQuotedPrintable(text: string): Uint8Array {
  const octets: number[] = [];
  const whole = text.replaceAll("=\r\n", "");
  for (let at = 0; at < whole.length; at++) {
    if (whole[at] === "=") {
      octets.push(Number.parseInt(whole.slice(at + 1, at + 3), 16));
      at += 2;
    } else octets.push(whole.charCodeAt(at));
  }
  return Uint8Array.from(octets);
}
