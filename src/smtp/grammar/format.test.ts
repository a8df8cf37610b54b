import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { domain } from "../../mail/mod.ts";
import { parseEhloReply, parseSizeKeyword } from "./ehlo.ts";
import { formatBdat, formatMail, formatRcpt } from "./format.ts";
import { formatLimits, parseLimits } from "./limits.ts";
import { formatOrcpt, parseOrcpt } from "./orcpt.ts";
import { decodeXtext, encodeXtext } from "./xtext.ts";

const ada = { localPart: "ada", domain: domain("pine.example") };

test("commands are written with their parameters (RFC 5321 §4.1.1.2, RFC 3461 §4)", () => {
  const reversePath = { kind: "mailbox", mailbox: ada } as const;
  assert.equal(formatMail({ reversePath: { kind: "null" } }), "MAIL FROM:<>\r\n");
  assert.equal(
    formatMail({
      reversePath,
      size: 12,
      body: "8bitmime",
      smtpUtf8: true,
      ret: "hdrs",
      envid: "a+b=c",
      auth: "<>",
      requireTls: true,
    }),
    "MAIL FROM:<ada@pine.example> SIZE=12 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb+3Dc AUTH=<> REQUIRETLS\r\n",
  );
  assert.equal(
    formatRcpt({ mailbox: ada, notify: ["success", "delay"], original: { type: "rfc822", address: "a+b@x.example" } }),
    "RCPT TO:<ada@pine.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@x.example\r\n",
  );
  assert.equal(formatRcpt({ mailbox: ada, notify: "never" }), "RCPT TO:<ada@pine.example> NOTIFY=NEVER\r\n");
  assert.equal(formatBdat(86, { last: false }), "BDAT 86\r\n");
  assert.equal(formatBdat(0, { last: true }), "BDAT 0 LAST\r\n");
});

test("xtext and ORCPT come back as they were (RFC 3461 §4, RFC 6533 §3)", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii" }), (text) => {
      assert.equal(decodeXtext(encodeXtext(text)), text);
    }),
  );
  const printable = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(printable, fc.boolean(), (address, utf8) => {
      const original = { type: "utf-8", address };
      const value = formatOrcpt(original, { utf8 });
      assert.ok(utf8 || /^[\x21-\x7e]*$/.test(value));
      assert.deepEqual(parseOrcpt(value), { ok: true, value: original });
    }),
  );
});

test("ORCPT with an internationalised address under rfc822, as Postfix writes it, is of the type utf-8 (RFC 6533 §3)", () => {
  assert.deepEqual(parseOrcpt("rfc822;b+C3+B8@b+C3+BCcher.example"), {
    ok: true,
    value: { type: "utf-8", address: "bø@bücher.example" },
  });
  const bad = ["rfc822;b+C3", "rfc822;+FF", "rfc822;b+C2+85", "rfc822;b+C3+B8+0A", "x400;b+C3+B8"];
  assert.deepEqual(
    bad.map((value) => parseOrcpt(value).ok),
    bad.map(() => false),
  );
});

test("malformed xtext and ORCPT are refused (RFC 3461 §4)", () => {
  assert.deepEqual(["+", "+1", "+GG", "a=b", "a b", "é"].map(decodeXtext), Array(6).fill(undefined));
  const bad = ["", "rfc822", ";a@b", "rfc822;", "rfc822;+", "rfc822;+0D", "rfc822;é", "utf-8;\\x{D800}", "utf-8;\\x{}"];
  assert.deepEqual(
    bad.map((value) => parseOrcpt(value).ok),
    bad.map(() => false),
  );
  assert.equal(parseOrcpt(`rfc822;${"a".repeat(500)}`).ok, false);
});

test("EHLO replies are read by keyword (RFC 5321 §4.1.1.1)", () => {
  const reply = {
    code: 250,
    lines: ["mx.rook.example hello", "PIPELINING", "size 1000", "AUTH PLAIN  LOGIN", "AUTH=PLAIN", "", "AUTH X", "_X"],
  };
  const read = parseEhloReply(reply);
  assert.equal(read.name, "mx.rook.example");
  assert.deepEqual(
    [...read.keywords],
    [
      ["PIPELINING", []],
      ["SIZE", ["1000"]],
      ["AUTH", ["PLAIN", "LOGIN"]],
    ],
  );
  assert.deepEqual([[], ["0"], ["52428800"], ["1x"]].map(parseSizeKeyword), [0, 0, 52428800, undefined]);
});

test("LIMITS are read as RFC 9422 §3 and §4 say", () => {
  const table: readonly (readonly [string, object])[] = [
    ["RCPTMAX=20 MAILMAX=5", { rcptMax: 20, mailMax: 5 }],
    ["rcptmax=20 FUTURE=x LATER", { rcptMax: 20 }],
    ["RCPTMAX=0 MAILMAX=5", { mailMax: 5 }],
    ["RCPTMAX=1000000 RCPTDOMAINMAX=3", { rcptDomainMax: 3 }],
    ["RCPTMAX=20 MAILMAX=", {}],
    ["RCPTMAX=20 A=b;c", {}],
    ["", {}],
  ];
  assert.deepEqual(
    table.map(([text]) => [text, parseLimits(text.split(" ").filter((word) => word !== ""))]),
    table,
  );
  assert.equal(formatLimits({ rcptMax: 100, mailMax: 50 }), "MAILMAX=50 RCPTMAX=100");
});
