import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import PostalMime from "postal-mime";
import { type Bytes, fromUtf8, utf8 } from "../base/mod.ts";
import { domain, type Mailbox, NO_DEMAND, NULL_REVERSE_PATH } from "../mail/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { isEightBitClean, isSevenBit } from "./header.ts";
import { writeNotice } from "./notice.ts";
import { parseDeliveryReport } from "./parse.ts";
import { MOST_RETURNED } from "./returned.ts";
import type { NoticeKind, NoticeParts, Original, ReportedRecipient } from "./types.ts";

const AT = Date.UTC(2026, 2, 3, 9, 14, 7);
const HEADER = "Received: from x\r\n\tby y\r\nMessage-ID: <1@pine.example>\r\nDate: now\r\nSubject: secret plans\r\n";
const WHOLE = `${HEADER}\r\nThe body\r\n`;
const REPLY: Status = {
  cause: "remote-reply",
  code: 550,
  enhanced: "5.1.1",
  text: "no such user",
  peer: { host: "mx.oak.example", address: "192.0.2.1" },
  reply: { code: 550, enhanced: "5.1.1", lines: ["5.1.1 no such", "5.1.1 user"] },
};

function mailbox(localPart: string, host: string): Mailbox {
  return { localPart, domain: domain(host) };
}

function failed(more: Partial<ReportedRecipient> = {}): ReportedRecipient {
  return {
    recipient: { mailbox: mailbox("bo", "oak.example"), original: { type: "rfc822", address: "bo@old.example" } },
    action: "failed",
    status: REPLY,
    lastAttempt: AT,
    ...more,
  };
}

function original(more: Partial<Original> = {}): Original {
  return {
    id: "000a1",
    arrivedAt: AT - 3_600_000,
    dsn: {},
    demand: NO_DEMAND,
    origin: { kind: "mx", client: "192.0.2.7", helo: "mail.pine.example" },
    start: utf8(WHOLE),
    complete: true,
    ...more,
  };
}

function parts(more: Partial<NoticeParts> = {}): NoticeParts {
  return {
    id: "000n1",
    reportingMta: domain("mx.rook.example"),
    from: mailbox("postmaster", "rook.example"),
    to: mailbox("ada", "pine.example"),
    at: AT,
    kind: "failure",
    recipients: [failed()],
    original: original(),
    trace: "Received: by mx.rook.example id 000n1; Tue, 3 Mar 2026 09:14:07 +0000\r\n",
    ...more,
  };
}

function text(more: Partial<NoticeParts> = {}): string {
  return fromUtf8(writeNotice(parts(more)).body);
}

test("writeNotice: a failure, whole (RFC 3464 §2, RFC 6522 §3, RFC 3834 §5)", () => {
  const { body, envelope } = writeNotice(parts({ original: original({ dsn: { envid: "QQ  314159" } }) }));
  assert.deepEqual(fromUtf8(body).split("\r\n"), [
    "Received: by mx.rook.example id 000n1; Tue, 3 Mar 2026 09:14:07 +0000",
    "Date: Tue, 3 Mar 2026 09:14:07 +0000",
    'From: "Mail delivery (MAILER-DAEMON)" <postmaster@rook.example>',
    "To: <ada@pine.example>",
    "Subject: Your message could not be delivered",
    "Message-ID: <000n1@mx.rook.example>",
    "In-Reply-To: <1@pine.example>",
    "References: <1@pine.example>",
    "Auto-Submitted: auto-replied",
    "MIME-Version: 1.0",
    "Content-Type: multipart/report; report-type=delivery-status;",
    ' boundary="=_000n1"',
    "",
    "--=_000n1",
    "Content-Type: text/plain; charset=us-ascii",
    "Content-Transfer-Encoding: 7bit",
    "",
    "This is the mail server mx.rook.example.",
    "",
    "Your message of Tue, 3 Mar 2026 08:14:07 +0000 could not be delivered to the",
    "addresses below. It will not be tried again.",
    "",
    "  bo@oak.example",
    "    You wrote to bo@old.example.",
    "    The answer of the mail server mx.oak.example:",
    "    | 550 5.1.1 no such 5.1.1 user",
    "    What to do: Check the address for mistakes and send the message again to",
    "    the right one.",
    "",
    "The number of your message at this server is 000a1.",
    "",
    "--=_000n1",
    "Content-Type: message/delivery-status",
    "Content-Transfer-Encoding: 7bit",
    "",
    "Original-Envelope-Id: QQ  314159",
    "Reporting-MTA: dns; mx.rook.example",
    "Received-From-MTA: dns; mail.pine.example (192.0.2.7)",
    "Arrival-Date: Tue, 3 Mar 2026 08:14:07 +0000",
    "",
    "Original-Recipient: rfc822; bo@old.example",
    "Final-Recipient: rfc822; bo@oak.example",
    "Action: failed",
    "Status: 5.1.1",
    "Remote-MTA: dns; mx.oak.example",
    "Diagnostic-Code: smtp; 550 5.1.1 no such 5.1.1 user",
    "Last-Attempt-Date: Tue, 3 Mar 2026 09:14:07 +0000",
    "Final-Log-ID: 000a1",
    "",
    "--=_000n1",
    "Content-Type: text/rfc822-headers",
    "Content-Transfer-Encoding: 7bit",
    "",
    ...HEADER.split("\r\n"),
    "--=_000n1--",
    "",
  ]);
  assert.deepEqual(envelope, {
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
      longestLine: Math.max(
        ...fromUtf8(body)
          .split("\r\n")
          .map((line) => line.length),
      ),
    },
  });
});

test("writeNotice: the other actions tell what they mean, in subject, text and fields (RFC 3464 §2.3.3, §2.3.9)", () => {
  const until = { retryUntil: AT + 86_400_000 };
  const deferred: Status = { ...REPLY, code: 451, enhanced: "4.3.0", reply: { code: 451, lines: ["later"] } };
  const done: Status = { ...REPLY, code: 250, enhanced: "2.1.5", reply: { code: 250, lines: ["2.1.5 ok"] } };
  const rows: readonly (readonly [NoticeKind, Partial<ReportedRecipient>, readonly RegExp[]])[] = [
    [
      "delay",
      { action: "delayed", status: deferred, ...until },
      [
        /Subject: Your message is delayed\r/,
        /tried again until Wed, 4 Mar 2026/,
        /Will-Retry-Until: Wed, 4 Mar 2026 09:14:07 \+0000\r/,
        /Status: 4\.3\.0\r/,
      ],
    ],
    [
      "success",
      { action: "delivered", status: statusOf("ok-message") },
      [
        /Subject: Your message has arrived\r/,
        /lies in the recipient's mailbox/,
        /Action: delivered\r\nStatus: 2\.6\.0\r\nLast-/,
      ],
    ],
    [
      "success",
      { action: "relayed", status: done, ...until },
      [
        /was handed to the mail server mx\.oak\.example/,
        /Action: relayed\r\nStatus: 2\.1\.5\r\nRemote-MTA: dns; mx\.oak\.example\r\nDiagnostic-Code: smtp; 250 2\.1\.5 ok\r/,
      ],
    ],
    [
      "success",
      { action: "expanded", status: statusOf("ok") },
      [/passed on from this address to several/, /Action: expanded\r\nStatus: 2\.0\.0\r/],
    ],
  ];
  for (const [kind, more, wanted] of rows) {
    const notice = text({ kind, recipients: [failed(more)] });
    for (const one of wanted) assert.match(notice, one);
    assert.equal(notice.includes("Will-Retry-Until"), kind === "delay");
  }
});

test("writeNotice: the status code is of the action's class, or the general one (RFC 3461 §6.3, RFC 3464 §2.3.4)", () => {
  const code = (status: Status, action: ReportedRecipient["action"]): string | undefined =>
    /Status: (.*)\r/.exec(text({ recipients: [failed({ status, action })] }))?.[1];
  const bare: Status = { cause: "remote-reply", code: 550, text: "no" };
  assert.deepEqual(
    [
      code(statusOf("null-mx"), "failed"),
      code(bare, "failed"),
      code({ ...bare, enhanced: "4.2.1" }, "failed"),
      code({ ...bare, enhanced: "5.01.1" }, "failed"),
      code({ ...bare, enhanced: "5.1.1" }, "delayed"),
      code({ ...bare, enhanced: "4.2.1" }, "delayed"),
      code(bare, "relayed"),
    ],
    ["5.1.10", "5.0.0", "5.0.0", "5.0.0", "4.0.0", "4.2.1", "2.0.0"],
  );
});

test("writeNotice: what we found ourselves is a diagnostic of ours, never smtp (RFC 3464 §2.3.6)", () => {
  assert.match(
    text({ recipients: [failed({ status: statusOf("null-mx") })] }),
    /\r\nStatus: 5\.1\.10\r\nDiagnostic-Code: x-hopseal; The recipient's domain accepts no mail\r\n/,
  );
  assert.ok(
    !text({ recipients: [failed({ action: "delivered", status: statusOf("ok") })] }).includes("Diagnostic-Code"),
  );
});

test("writeNotice: hosts known by address, by socket, or by no good name (RFC 3461 §9.3, RFC 3464 §2.2.4)", () => {
  const remote = (host: string): string | undefined =>
    /Remote-MTA: (.*)\r/.exec(text({ recipients: [failed({ status: { ...REPLY, peer: { host } } })] }))?.[1];
  assert.deepEqual(["192.0.2.1", "2001:db8::1", "/run/lmtp.sock", "::"].map(remote), [
    "dns; [192.0.2.1]",
    "dns; [IPv6:2001:db8::1]",
    "x-local; /run/lmtp.sock",
    "dns; [IPv6:::]",
  ]);
  const from = (origin: Original["origin"]): string | undefined =>
    /Received-From-MTA: (.*)\r/.exec(text({ original: original({ origin }) }))?.[1];
  assert.deepEqual(
    [
      from({ kind: "mx", client: "2001:db8::7", helo: "[192.0.2.9]" }),
      from({ kind: "mx", client: "192.0.2.7", helo: "a b\r\nX: y" }),
      from({ kind: "submission", client: "192.0.2.7" }),
      from({ kind: "local" }),
    ],
    ["dns; [192.0.2.9] (2001:db8::7)", "dns; [192.0.2.7]", "dns; [192.0.2.7]", undefined],
  );
});

const returned = (notice: Bytes): string => {
  const read = parseDeliveryReport(notice);
  assert.ok(read.ok, read.ok ? "" : read.error);
  const type = read.value.returned?.type ?? "nothing";
  return `${type}: ${fromUtf8(read.value.returned?.content ?? new Uint8Array(0))}`;
};

test("writeNotice: what of the original comes back (RFC 3461 §4.3, §6.2, RFC 6533 §4)", () => {
  const full = { ret: "full" } as const;
  const wide = "Subject: Gr\u00fc\u00dfe\r\n\r\nbody \u00fc\r\n";
  const latin = Uint8Array.of(...utf8("Subject: Gr"), 0xfc, ...utf8("n\r\n\r\nbody\r\n"));
  const big = `${HEADER}\r\n${`${"x".repeat(70)}\r\n`.repeat(MOST_RETURNED / 70)}`;
  const rows: readonly (readonly [string, Partial<Original>, string])[] = [
    ["no RET", {}, `text/rfc822-headers: ${HEADER}`],
    ["RET=HDRS", { dsn: { ret: "hdrs" } }, `text/rfc822-headers: ${HEADER}`],
    ["RET=FULL", { dsn: full }, `message/rfc822: ${WHOLE}`],
    ["RET=FULL of a part", { dsn: full, complete: false }, `text/rfc822-headers: ${HEADER}`],
    ["RET=FULL of much", { dsn: full, start: utf8(big) }, `text/rfc822-headers: ${HEADER}`],
    ["RET=FULL with NUL", { dsn: full, start: utf8(`${WHOLE}\0`) }, `text/rfc822-headers: ${HEADER}`],
    ["RET=FULL with LF", { dsn: full, start: utf8(`${WHOLE}a\nb`) }, `text/rfc822-headers: ${HEADER}`],
    ["RET=FULL, long lines", { dsn: full, start: utf8(WHOLE + "x".repeat(1200)) }, `text/rfc822-headers: ${HEADER}`],
    ["8-bit body", { dsn: full, start: utf8(`${WHOLE}\u00fc\r\n`) }, `message/rfc822: ${WHOLE}\u00fc\r\n`],
    ["UTF-8 header", { dsn: full, start: utf8(wide) }, `message/global: ${wide}`],
    ["UTF-8 header alone", { start: utf8(wide) }, "message/global-headers: Subject: Gr\u00fc\u00dfe\r\n"],
    ["8-bit header", { dsn: full, start: latin }, "text/rfc822-headers: Subject: Gr\ufffdn\r\n"],
    ["nothing readable", { dsn: full, start: new Uint8Array(0), complete: false }, "nothing: "],
  ];
  for (const [name, more, wanted] of rows) {
    const { body, envelope } = writeNotice(parts({ original: original(more) }));
    assert.equal(returned(body), wanted, name);
    assert.equal(isSevenBit(body), name !== "8-bit body", name);
    assert.equal(envelope.body, name === "8-bit body" ? "8bitmime" : "7bit", name);
    assert.equal(envelope.smtpUtf8, false, name);
  }
  for (const kind of ["delay", "success"] as const) {
    const { body } = writeNotice(parts({ kind, original: original({ dsn: full }) }));
    assert.equal(returned(body), `text/rfc822-headers: ${HEADER}`, kind);
  }
});

test("writeNotice: protected mail comes back with Message-ID and Date, and no words of others (RFC 8689 §5)", () => {
  const dsn = { ret: "full", envid: "e" } as const;
  for (const demand of [
    { level: "secure", propagate: true, because: [] },
    { level: "secure", propagate: false, because: [] },
    { level: "encrypt", propagate: false, because: [] },
  ] as const) {
    const quoting: Status = {
      ...REPLY,
      reply: { code: 554, enhanced: "5.7.1", lines: ["5.7.1 bad words: secret plans"] },
    };
    const recipients = [
      failed({ status: quoting }),
      failed({ status: { ...quoting, cause: "expired", text: "secret plans" } }),
    ];
    const { body, envelope } = writeNotice(parts({ recipients, original: original({ demand, dsn }) }));
    assert.equal(returned(body), "text/rfc822-headers: Message-ID: <1@pine.example>\r\nDate: now\r\n");
    const all = fromUtf8(body);
    for (const secret of ["secret plans", "The body", "mail.pine.example"]) assert.ok(!all.includes(secret), secret);
    assert.ok(all.includes("\r\nDiagnostic-Code: smtp; 554 5.7.1\r\n"));
    assert.equal(envelope.demand.propagate, demand.propagate);
    assert.equal(envelope.demand.level, demand.propagate ? "secure" : "may");
  }
});

test("writeNotice: TLS-Required: No goes on, unless REQUIRETLS was given (RFC 8689 §5)", () => {
  const waived = { level: "may", propagate: false, tlsOptional: true, because: [] } as const;
  const both = { level: "secure", propagate: true, tlsOptional: true, because: [] } as const;
  const has = (demand: Original["demand"]): readonly [boolean, boolean | undefined] => {
    const { body, envelope } = writeNotice(parts({ original: original({ demand }) }));
    return [fromUtf8(body).includes("\r\nTLS-Required: No\r\n"), envelope.demand.tlsOptional];
  };
  assert.deepEqual(has(waived), [true, true]);
  assert.equal(has(both)[0], false);
  assert.deepEqual(has(NO_DEMAND), [false, undefined]);
});

test("writeNotice: 7-bit for an ASCII sender, whoever the recipients are; UTF-8 where SMTPUTF8 is certain (RFC 6533 §3, §4.5)", () => {
  const recipients = [
    failed({
      recipient: {
        mailbox: mailbox("b\u00fc", "oak.example"),
        original: { type: "utf-8", address: "b\u00f6@oak.example" },
      },
      status: statusOf("unknown-recipient", "\u00fc\r\nX: y"),
    }),
  ];
  const start = utf8("Subject: Gr\u00fc\u00dfe\r\nX: y\r\n\r\nbody");
  const ascii = writeNotice(
    parts({ recipients, original: original({ start }), from: mailbox("p\u00f6st", "rook.example") }),
  );
  assert.ok(isSevenBit(ascii.body));
  const seven = fromUtf8(ascii.body);
  for (const line of [
    'From: "Mail delivery (MAILER-DAEMON)" <postmaster@mx.rook.example>',
    "Content-Type: message/delivery-status",
    "Original-Recipient: utf-8; b\\x{F6}@oak.example",
    "Final-Recipient: utf-8; b\\x{FC}@oak.example",
    "Content-Type: message/global-headers",
    "Subject: Gr=C3=BC=C3=9Fe",
    "  b=C3=BC@oak.example",
  ])
    assert.ok(seven.includes(`\r\n${line}\r\n`), line);
  const wide = writeNotice(
    parts({
      recipients,
      original: original({ start }),
      to: mailbox("\u00e4", "pine.example"),
      from: mailbox("p\u00f6st", "rook.example"),
    }),
  );
  assert.deepEqual([wide.envelope.smtpUtf8, wide.envelope.body], [true, "8bitmime"]);
  const eight = fromUtf8(wide.body);
  for (const line of [
    'From: "Mail delivery (MAILER-DAEMON)" <p\u00f6st@rook.example>',
    "To: <\u00e4@pine.example>",
    "Content-Type: message/global-delivery-status",
    "Original-Recipient: utf-8; b\u00f6@oak.example",
    "Final-Recipient: utf-8; b\u00fc@oak.example",
    "Content-Type: message/global-headers",
    "Subject: Gr\u00fc\u00dfe",
    "  b\u00fc@oak.example",
  ])
    assert.ok(eight.includes(`\r\n${line}\r\n`), line);
  assert.equal(parseDeliveryReport(wide.body).ok, true);
});

test("writeNotice: the delimiter stands nowhere in what is returned (RFC 2046 §5.1.1)", () => {
  const forged = utf8("--=_000n1: x\r\n--=_000n1_1--: y\r\nSubject: z\r\n\r\n");
  const { body } = writeNotice(parts({ original: original({ start: forged }) }));
  assert.ok(fromUtf8(body).includes('boundary="=_000n1_2"'));
  assert.equal(returned(body), "text/rfc822-headers: --=_000n1: x\r\n--=_000n1_1--: y\r\nSubject: z\r\n");
});

test("writeNotice: an independent parser finds the parts (RFC 6522 §3)", async () => {
  const { body } = writeNotice(parts({ original: original({ dsn: { ret: "full" } }) }));
  const mail = await PostalMime.parse(body, { rfc822Attachments: true });
  assert.equal(mail.from?.address, "postmaster@rook.example");
  assert.equal(mail.to?.[0]?.address, "ada@pine.example");
  assert.equal(mail.inReplyTo, "<1@pine.example>");
  assert.match(mail.text ?? "", /\| 550 5\.1\.1 no such/);
  assert.deepEqual(
    mail.attachments.map((part) => part.mimeType),
    ["message/delivery-status", "message/rfc822"],
  );
});

test("writeNotice: whatever others say, lines stay mail's, fields stay fields, and our own parser reads it back", () => {
  const words = fc.string({ unit: "binary", maxLength: 200 });
  const host = fc.oneof(fc.constant("mx.oak.example"), words);
  const local = fc.stringMatching(/^[a-z\u00e0-\u00ff "\\]{1,12}$/);
  const arbitrary = fc.record({
    to: fc.constantFrom("ada", "\u00e4da"),
    local,
    lines: fc.array(words, { maxLength: 4 }),
    text: words,
    host,
    helo: words,
    envid: words,
    orcpt: fc.record({ type: fc.constantFrom("rfc822", "utf-8", "x"), address: words }),
    ret: fc.constantFrom("full", "hdrs"),
    start: fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constant(utf8(WHOLE))),
    kind: fc.constantFrom("failure", "delay", "success"),
    action: fc.constantFrom("failed", "delayed", "delivered", "relayed", "expanded"),
    reply: fc.boolean(),
    level: fc.constantFrom("may", "encrypt"),
  });
  fc.assert(
    fc.property(arbitrary, (one) => {
      const status: Status = {
        cause: "remote-reply",
        code: 550,
        text: one.text,
        peer: { host: one.host },
        ...(one.reply ? { reply: { code: 550, lines: one.lines } } : {}),
      };
      const recipient = { mailbox: mailbox(one.local, "oak.example"), original: one.orcpt };
      const { body, envelope } = writeNotice(
        parts({
          kind: one.kind,
          to: mailbox(one.to, "pine.example"),
          recipients: [failed({ recipient, status, action: one.action })],
          original: original({
            start: one.start,
            dsn: { ret: one.ret, envid: one.envid },
            origin: { kind: "mx", client: "192.0.2.7", helo: one.helo },
            demand: { ...NO_DEMAND, level: one.level },
          }),
        }),
      );
      assert.ok(isEightBitClean(body));
      assert.equal(
        envelope.content.eightBit,
        body.some((octet) => octet > 0x7f),
      );
      const read = parseDeliveryReport(body);
      assert.ok(read.ok, read.ok ? "" : read.error);
      const { recipients, message, findings } = read.value;
      assert.equal(recipients.length, 1);
      assert.equal(recipients[0]?.action, one.action);
      assert.equal(message.reportingMta.value, "mx.rook.example");
      assert.deepEqual(
        findings.filter((text) => !text.startsWith("original-recipient")),
        [],
      );
    }),
    { numRuns: 300 },
  );
});

test("writeNotice: behind an alias the recipient is named as it was accepted, and Original-Recipient says ORCPT alone (RFC 3464 §2.3.2)", () => {
  const recipient = { mailbox: mailbox("bo", "oak.example"), asked: mailbox("sales", "rook.example") };
  const renamed = text({ recipients: [failed({ recipient })] });
  assert.match(renamed, /\r\nFinal-Recipient: rfc822; sales@rook\.example\r\n/);
  assert.match(renamed, /\r\n {2}bo@oak\.example\r\n {4}You wrote to sales@rook\.example\.\r\n/);
  assert.ok(!renamed.includes("Original-Recipient"));
  const original = { type: "rfc822", address: "s@old.example" };
  const both = text({ recipients: [failed({ recipient: { ...recipient, original } })] });
  assert.match(
    both,
    /\r\nOriginal-Recipient: rfc822; s@old\.example\r\nFinal-Recipient: rfc822; sales@rook\.example\r\n/,
  );
});
