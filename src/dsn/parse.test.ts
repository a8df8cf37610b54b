import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import fc from "fast-check";
import PostalMime from "postal-mime";
import { vectors } from "../../test/support/vectors.ts";
import { fromUtf8, utf8 } from "../base/mod.ts";
import { type DeliveryReport, parseDeliveryReport } from "./parse.ts";
import { parseDate } from "./parse/date.ts";
import { processorTime } from "../../test/support/processor.ts";

const CORPUS = new URL("../../test/corpus/dsn/", import.meta.url);
const FILES = ["postfix-failed", "postfix-failed-utf8", "postfix-success", "postfix-delayed"];
const { path: VECTORS, skip } = vectors("dsn");

async function corpus(name: string): Promise<Uint8Array> {
  return await readFile(new URL(`${name}.eml`, CORPUS));
}

function read(message: Uint8Array): DeliveryReport {
  const report = parseDeliveryReport(message);
  assert.ok(report.ok, report.ok ? "" : report.error);
  return report.value;
}

function textOf(content: unknown): string {
  assert.ok(typeof content === "string");
  return content;
}

function refusal(message: string): string {
  const report = parseDeliveryReport(utf8(message));
  return report.ok ? "taken" : report.error;
}

const FRAME = (second: string, more = ""): string =>
  `Content-Type: multipart/report; report-type="delivery-status"; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n${second}\r\n${more}--b--\r\n`;
const MESSAGE = "Reporting-MTA: dns; mx.example\r\n";
const RECIPIENT = "Final-Recipient: rfc822; bo@x.example\r\nAction: failed\r\nStatus: 5.1.1\r\n";

test("parseDeliveryReport: what Postfix writes, whole (RFC 3464 §2.2, §2.3)", async () => {
  const arrivedAt = Date.UTC(2026, 10, 22, 8, 6, 46);
  const dns = (value: string): { type: string; value: string } => ({ type: "dns", value });
  const rfc822 = (value: string): { type: string; value: string } => ({ type: "rfc822", value });
  const { text, returned, ...success } = read(await corpus("postfix-success"));
  assert.match(text, /was successfully delivered/);
  assert.match(
    fromUtf8(returned?.content ?? new Uint8Array(0)),
    /^Return-Path: <ada@pine\.example>\n[^]*From: ada@pine\.example\n$/,
  );
  assert.deepEqual(success, {
    global: false,
    message: { reportingMta: dns("mail.pine.example"), envelopeId: "QQ+1", arrivedAt },
    recipients: [
      {
        original: rfc822("Bo+x@old.example"),
        final: rfc822("bo@pine.example"),
        action: "delivered",
        status: "2.0.0",
        diagnostic: { type: "x-postfix", value: "delivery via virtual: delivered to maildir" },
      },
      {
        original: rfc822("bo@elm.example"),
        final: rfc822("bo@elm.example"),
        action: "relayed",
        status: "2.6.0",
        remoteMta: dns("127.0.0.1"),
        diagnostic: { type: "smtp", value: "250 2.6.0 queued" },
      },
    ],
    findings: [],
  });
  const delayed = read(await corpus("postfix-delayed"));
  assert.deepEqual(
    [delayed.recipients[0]?.action, delayed.recipients[0]?.retryUntil, delayed.returned?.type],
    ["delayed", Date.UTC(2026, 10, 27, 8, 6, 46), "text/rfc822-headers"],
  );
  const failed = read(await corpus("postfix-failed"));
  assert.deepEqual([failed.recipients[0]?.status, failed.returned?.type], ["5.1.1", "message/rfc822"]);
  const wide = read(await corpus("postfix-failed-utf8"));
  assert.deepEqual(
    [wide.global, wide.recipients[0]?.final, wide.recipients[0]?.original, wide.returned?.type],
    [
      true,
      { type: "utf-8", value: "b\u00fc@elm.example" },
      { type: "utf-8", value: "b\u00fc@old.example" },
      "message/global",
    ],
  );
});

test("parseDeliveryReport: samples written by others (vectors)", { skip }, async () => {
  const wanted: Readonly<Record<string, readonly string[]>> = {
    failure: ["failed 5.1.2 foobar@example.org smtp;550 User does not exist"],
    delay: ["delayed 4.0.0 john.doe@example.org"],
    success: ["delivered 2.1.5 jane@example.org"],
    mixed: [
      "failed 5.1.2 foobar@example.org smtp;550 User does not exist",
      "delivered 2.1.5 jane@example.org",
      "delayed 4.0.0 john.doe@example.org",
    ],
  };
  for (const [name, lines] of Object.entries(wanted)) {
    const { recipients, message, findings, returned } = read(await readFile(`${VECTORS}/${name}.eml`));
    const told = recipients.map(({ action, status, final, diagnostic }) =>
      [
        action,
        status,
        final.value,
        ...(diagnostic === undefined ? [] : [`${diagnostic.type};${diagnostic.value}`]),
      ].join(" "),
    );
    assert.deepEqual(told, lines, name);
    assert.deepEqual(message, { reportingMta: { type: "dns", value: "mx.example.org" } });
    // Their dates are placeholders.
    const dates = [
      "arrival-date cannot be read",
      ...(name === "delay" || name === "mixed" ? ["will-retry-until cannot be read"] : []),
    ];
    assert.deepEqual(findings, dates, name);
    assert.equal(returned?.type, "message/rfc822");
  }
});

test("parseDeliveryReport: postal-mime finds the same parts in the same messages", { skip }, async () => {
  const files = [
    ...FILES.map((name) => new URL(`${name}.eml`, CORPUS)),
    ...["failure", "delay", "success", "mixed"].map((name) => `${VECTORS}/${name}.eml`),
  ];
  for (const file of files) {
    const message = await readFile(file);
    const ours = read(message);
    const theirs = await PostalMime.parse(message, { rfc822Attachments: true, attachmentEncoding: "utf8" });
    const [status, returned] = theirs.attachments;
    assert.equal(status?.mimeType, ours.global ? "message/global-delivery-status" : "message/delivery-status");
    assert.equal(returned?.mimeType, ours.returned?.type);
    const actions = [...textOf(status?.content).matchAll(/^Action: (.*?)\r?$/gm)].map(([, action]) => action);
    assert.deepEqual(
      actions,
      ours.recipients.map(({ action }) => action),
    );
    const plain = (text: string): string => text.replaceAll("\r\n", "\n").trim();
    assert.equal(plain(ours.text), plain(theirs.text ?? ""));
    assert.equal(plain(fromUtf8(ours.returned?.content ?? new Uint8Array(0))), plain(textOf(returned?.content)));
  }
});

test("parseDeliveryReport: what is no notification, and why (RFC 3464 §2, RFC 6522 §3)", () => {
  const rows: readonly (readonly [string, string | RegExp])[] = [
    ["", "it is text/plain, not multipart/report"],
    ["Content-Type: multipart/mixed; boundary=b\r\n\r\n", "it is multipart/mixed, not multipart/report"],
    ["Content-Type: ;;\r\n\r\n", "it is application/octet-stream, not multipart/report"],
    ["Content-Type: multipart/report; boundary=b\r\n\r\n", "its report-type is missing"],
    [
      "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n",
      "its report-type is disposition-notification",
    ],
    ["Content-Type: multipart/report; report-type=delivery-status\r\n\r\n", "it has no boundary"],
    [FRAME(`${MESSAGE}\r\n${RECIPIENT}`).replace("--b--", ""), "its last part does not end"],
    [
      FRAME(`${MESSAGE}\r\n${RECIPIENT}`).replace("message/delivery-status", "text/plain"),
      "its second part is text/plain",
    ],
    [FRAME(`${MESSAGE}\r\n${RECIPIENT}`, "--b\r\n\r\n--b\r\n\r\n"), "it has 4 parts, at most 3 are possible"],
    [
      "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b--",
      "it has 1 parts, at least 2 are needed",
    ],
    [FRAME(MESSAGE), "its status names no recipient"],
    [FRAME(""), "its status names no recipient"],
    [FRAME(`Arrival-Date: x\r\n\r\n${RECIPIENT}`), "its status names no Reporting-MTA"],
    [FRAME(` folded\r\n${MESSAGE}\r\n${RECIPIENT}`), "a line of its status continues nothing"],
    [FRAME(`${MESSAGE}\r\n\r\n\r\n${RECIPIENT}`), "taken"],
    [FRAME(`${MESSAGE}\r\nno field\r\n${RECIPIENT}`), 'a line of its status is no field: "no field"'],
    [
      FRAME(`${MESSAGE}\r\n${RECIPIENT.replace("rfc822;", "")}`),
      "recipient 1: Final-Recipient is missing or malformed",
    ],
    [FRAME(`${MESSAGE}\r\n${RECIPIENT}\r\n${RECIPIENT.replace("failed", "gone")}`), 'recipient 2: "gone" is no action'],
    [FRAME(`${MESSAGE}\r\n${RECIPIENT.replace("5.1.1", "5.01.1")}`), 'recipient 1: "5.01.1" is no status code'],
    [FRAME(`${MESSAGE}\r\n${RECIPIENT.replace("5.1.1", "5.1.1 (no (such) user)")}`), "taken"],
    [FRAME(`${MESSAGE}\r\n${RECIPIENT.replace("failed", "FAILED (for good)")}`), "taken"],
  ];
  for (const [message, wanted] of rows) assert.equal(refusal(message), wanted, message);
});

test("parseDeliveryReport: doubts are findings (RFC 3464 §2.3.9)", () => {
  const date = "Tue, 3 Mar 2026 09:14:07 +0000";
  const status = `${MESSAGE}Reporting-MTA: dns; other.example\r\n\r\n${RECIPIENT}Will-Retry-Until: ${date}\r\nRemote-MTA: nothing\r\n`;
  assert.deepEqual(read(utf8(FRAME(status))).findings, [
    "reporting-mta stands there 2 times",
    'Will-Retry-Until stands beside "failed"',
    "remote-mta cannot be read",
  ]);
});

test("parseDeliveryReport: content in base64 and quoted-printable, comments and quotes in the type (RFC 2045 §5.1, §6)", () => {
  const status = utf8(`${MESSAGE}\r\n${RECIPIENT}`).toBase64();
  const message =
    'Content-Type: Multipart/Report (a; comment); boundary="b \\"1\\""; Report-Type="Delivery-Status"\r\n\r\npreamble\r\n' +
    '--b "1" \r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=\r\n=C3=9Fe =zz\r\n' +
    `--b "1"\r\nContent-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: BASE64\r\n\r\n${status}\r\n--b "1"--\r\nepilogue`;
  const report = read(utf8(message));
  assert.equal(report.text, "Gr\u00fc\u00dfe =zz");
  assert.deepEqual([report.global, report.recipients.length, report.returned], [true, 1, undefined]);
});

test("parseDeliveryReport: any octets, and any damage to a good one, give an answer", async () => {
  const seeds = await Promise.all(FILES.map((name) => corpus(name)));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (octets) => void parseDeliveryReport(octets)));
  const damage = fc.tuple(fc.nat(3), fc.nat(2600), fc.nat(80), fc.uint8Array({ maxLength: 20 }));
  fc.assert(
    fc.property(damage, ([seed, at, length, octets]) => {
      const whole = seeds[seed] ?? octets;
      const message = Buffer.concat([whole.subarray(0, at), octets, whole.subarray(at + length)]);
      const report = parseDeliveryReport(message);
      if (!report.ok) return;
      assert.ok(report.value.recipients.length > 0);
      for (const { status } of report.value.recipients) assert.match(status, /^[245]\.\d{1,3}\.\d{1,3}$/);
    }),
    { numRuns: 1000 },
  );
});

test("parseDeliveryReport: a large and hostile one costs no more than its size", () => {
  const bits = [
    `${MESSAGE}\r\n${"x: y\r\n ".repeat(20_000)}`,
    `${MESSAGE}\r\n${`${RECIPIENT}\r\n`.repeat(20_000)}`,
    `${MESSAGE}\r\n${RECIPIENT}Diagnostic-Code: ${"(".repeat(500_000)}\r\n`,
    `${MESSAGE}\r\n${RECIPIENT}\r\n${"--b-".repeat(200_000)}`,
    "=".repeat(1_000_000),
  ];
  for (const bit of bits) {
    const begun = processorTime();
    parseDeliveryReport(utf8(FRAME(bit)));
    assert.ok(processorTime() - begun < 5000);
  }
});

test("parseDate: RFC 5322 §3.3 with a numeric zone", () => {
  const at = Date.UTC(2026, 2, 3, 9, 14, 7);
  const rows: readonly (readonly [string, number | undefined])[] = [
    ["Tue, 3 Mar 2026 09:14:07 +0000", at],
    ["3 mar 2026 10:14:07 +0100 (CET)", at],
    ["Tue,3 Mar 2026 04:44:07 -0430", at],
    ["Tue, 03 Mar 2026 09:14 +0000", at - 7000],
    ["Tue, 31 Feb 2026 09:14:07 +0000", undefined],
    ["Tue, 3 Mar 2026 24:14:07 +0000", undefined],
    ["Tue, 3 Mar 2026 09:14:07 GMT", undefined],
    ["Tue, 3 Mar 2026 09:14:07", undefined],
    ["Tue, 3 Mar 26 09:14:07 +0000", undefined],
    ["<date goes here>", undefined],
    ["", undefined],
    [" ".repeat(1000), undefined],
  ];
  for (const [text, wanted] of rows) assert.equal(parseDate(text), wanted, text);
  fc.assert(fc.property(fc.string({ maxLength: 60 }), (text) => void parseDate(text)));
});
