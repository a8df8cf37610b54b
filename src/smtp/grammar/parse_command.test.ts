import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { domain, type Mailbox } from "../../mail/mod.ts";
import { formatMail, formatRcpt } from "./format.ts";
import { parseCommand } from "./parse_command.ts";

function outcome(line: string, utf8 = false): unknown {
  const parsed = parseCommand(line, { utf8 });
  return parsed.ok ? parsed.value : parsed.error.cause;
}

const ada: Mailbox = { localPart: "ada", domain: domain("pine.example") };
const from = (mailbox: Mailbox): object => ({
  verb: "MAIL",
  body: "7bit",
  requireTls: false,
  smtpUtf8: false,
  reversePath: { kind: "mailbox", mailbox },
});
const to = (mailbox: Mailbox): object => ({ verb: "RCPT", path: { kind: "mailbox", mailbox } });

test("commands are read as RFC 5321 §4.1.1 writes them", () => {
  const table: readonly (readonly [string, unknown])[] = [
    ["EHLO out.pine.example", { verb: "EHLO", name: "out.pine.example" }],
    ["ehlo [192.0.2.1] ", { verb: "EHLO", name: "[192.0.2.1]" }],
    ["HELO under_score", { verb: "HELO", name: "under_score" }],
    ["EHLO", "bad-argument"],
    ["EHLO a b", "bad-argument"],
    ["EHLO bücher.example", "bad-argument"],
    ["DATA", { verb: "DATA" }],
    ["data  ", { verb: "DATA" }],
    ["DATA x", "bad-argument"],
    ["RSET", { verb: "RSET" }],
    ["QUIT now", "bad-argument"],
    ["NOOP", { verb: "NOOP", argument: "" }],
    ["NOOP any thing", { verb: "NOOP", argument: "any thing" }],
    ["VRFY", "bad-argument"],
    ["VRFY ada", { verb: "VRFY", argument: "ada" }],
    ["EXPN list", { verb: "EXPN", argument: "list" }],
    ["HELP", { verb: "HELP", argument: "" }],
    ["STARTTLS", { verb: "STARTTLS" }],
    ["STARTTLS x", "bad-argument"],
    ["BDAT 10", { verb: "BDAT", size: 10, last: false }],
    ["bdat 0 last", { verb: "BDAT", size: 0, last: true }],
    ["BDAT", "bad-argument"],
    ["BDAT x", "bad-argument"],
    ["BDAT -1", "bad-argument"],
    ["BDAT 1 FIRST", "bad-argument"],
    ["BDAT 9999999999999999", "bad-argument"],
    ["AUTH plain", { verb: "AUTH", mechanism: "PLAIN" }],
    ["AUTH PLAIN =", { verb: "AUTH", mechanism: "PLAIN", initial: "=" }],
    ["AUTH PLAIN AGE=", { verb: "AUTH", mechanism: "PLAIN", initial: "AGE=" }],
    ["AUTH", "bad-argument"],
    ["", "unknown-command"],
    ["XYZZY", "unknown-command"],
    ["MAILFROM:<a@b>", "unknown-command"],
    ["NO\0OP", "syntax"],
  ];
  assert.deepEqual(
    table.map(([line]) => [line, outcome(line)]),
    table,
  );
});

test("paths are read with tolerance for a space, and without for missing brackets (RFC 5321 §4.1.2)", () => {
  const table: readonly (readonly [string, unknown])[] = [
    ["MAIL FROM:<ada@pine.example>", from(ada)],
    ["mail from: <ada@PINE.example>  ", from(ada)],
    ["MAIL FROM:<@a.example,@b.example:ada@pine.example>", from(ada)],
    ["MAIL FROM:<@a.example ada@pine.example>", "bad-sender-syntax"],
    ['MAIL FROM:<"a>b"@pine.example>', from({ ...ada, localPart: "a>b" })],
    ["MAIL FROM:<ada@[192.0.2.1]>", from({ ...ada, domain: "[192.0.2.1]" as Mailbox["domain"] })],
    ["MAIL FROM:<ada>", "bad-sender-syntax"],
    ["MAIL FROM:<postmaster>", "bad-sender-syntax"],
    ["MAIL FROM:ada@pine.example", "bad-sender-syntax"],
    ["MAIL FROM:<ada@pine.example", "bad-sender-syntax"],
    ["MAIL FROM:<ada@pine.example>SIZE=1", "bad-sender-syntax"],
    ["MAIL TO:<ada@pine.example>", "bad-sender-syntax"],
    ["MAIL FROM:<ädä@pine.example>", "utf8-sender-refused"],
    ["MAIL", "bad-sender-syntax"],
    ["RCPT TO:<ada@pine.example>", to(ada)],
    ["RCPT TO:<pOSTMASTER>", { verb: "RCPT", path: { kind: "postmaster" } }],
    ["RCPT TO:<>", "bad-recipient-syntax"],
    ["RCPT TO:<ädä@pine.example>", "utf8-recipient-refused"],
    ["RCPT TO:<ada@pine.example> SIZE=1", "unknown-parameter"],
    [`RCPT TO:<${"a".repeat(65)}@pine.example>`, "bad-recipient-syntax"],
  ];
  assert.deepEqual(
    table.map(([line]) => [line, outcome(line)]),
    table,
  );
  assert.deepEqual(outcome("RCPT TO:<ädä@pine.example>", true), to({ ...ada, localPart: "ädä" }));
  assert.deepEqual(outcome("MAIL FROM:<ädä@pine.example> SMTPUTF8"), {
    ...from({ ...ada, localPart: "ädä" }),
    smtpUtf8: true,
  });
});

test("a client without SMTPUTF8 is told of its UTF-8 in ASCII (RFC 5321 §4.2)", () => {
  for (const line of ["MAIL FROM:<ädä@pine.example>", "MAIL FROM:<a@ädä.example>", "RCPT TO:<ädä@pine.example>"]) {
    const parsed = parseCommand(line);
    assert.equal(parsed.ok ? "" : parsed.error.detail, "The address needs SMTPUTF8", line);
  }
});

test("parameters are read by their RFCs, and a bad one is refused", () => {
  const mail = (parameters: string): unknown => outcome(`MAIL FROM:<ada@pine.example> ${parameters}`);
  const rcpt = (parameters: string): unknown => outcome(`RCPT TO:<ada@pine.example> ${parameters}`);
  assert.deepEqual(mail("SIZE=10  body=8BitMime RET=hdrs ENVID=q+2B77 AUTH=<> REQUIRETLS SMTPUTF8"), {
    ...from(ada),
    size: 10,
    body: "8bitmime",
    ret: "hdrs",
    envid: "q+77",
    auth: "<>",
    requireTls: true,
    smtpUtf8: true,
  });
  assert.deepEqual(rcpt("NOTIFY=delay,SUCCESS ORCPT=rfc822;a+2Bb@x.example"), {
    ...to(ada),
    notify: ["success", "delay"],
    original: { type: "rfc822", address: "a+b@x.example" },
  });
  assert.deepEqual(rcpt("NOTIFY=NEVER"), { ...to(ada), notify: "never" });
  const faults: readonly (readonly [string, string])[] = [
    ["SIZE", "bad-parameter-value"],
    ["SIZE=x", "bad-parameter-value"],
    ["SIZE=123456789012345678901", "bad-parameter-value"],
    ["BODY=9BIT", "bad-parameter-value"],
    ["SMTPUTF8=yes", "bad-parameter-value"],
    ["REQUIRETLS=yes", "bad-parameter-value"],
    ["RET=ALL", "bad-parameter-value"],
    ["ENVID=+0A", "bad-parameter-value"],
    [`ENVID=${"x".repeat(101)}`, "bad-parameter-value"],
    ["AUTH", "bad-parameter-value"],
    ["SIZE=1 size=2", "bad-argument"],
    ["SIZE=", "bad-argument"],
    ["=1", "bad-argument"],
    ["FUTURE=1", "unknown-parameter"],
  ];
  assert.deepEqual(
    faults.map(([text]) => [text, mail(text)]),
    faults,
  );
  assert.equal(rcpt("NOTIFY=NEVER,DELAY"), "bad-parameter-value");
  assert.equal(rcpt("NOTIFY"), "bad-parameter-value");
  assert.equal(rcpt("ORCPT=ada@pine.example"), "bad-parameter-value");
});

test("what the client side writes is read back", () => {
  const local = fc.string({
    unit: fc.constantFrom("a", "Z", ".", " ", '"', "\\", ">", "@", "é"),
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(local, (localPart) => {
      const mailbox = { ...ada, localPart };
      const mail = formatMail({ reversePath: { kind: "mailbox", mailbox }, smtpUtf8: true }).slice(0, -2);
      assert.deepEqual(outcome(mail), { ...from(mailbox), smtpUtf8: true });
      assert.deepEqual(outcome(formatRcpt({ mailbox }).slice(0, -2), true), to(mailbox));
    }),
  );
});

test("no line makes the parser throw", () => {
  const word = fc.constantFrom(
    "MAIL FROM:",
    "RCPT TO:",
    "<",
    ">",
    "@",
    '"',
    "\\",
    "a",
    ".",
    ":",
    ",",
    " ",
    "=",
    "+",
    "[",
    "]",
    "é",
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 30 }), fc.boolean(), (words, utf8) => {
      parseCommand(words.join(""), { utf8 });
    }),
  );
});
