import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as fc from "fast-check";
import { domain } from "./domain.ts";
import {
  type AddressFault,
  formatLocalPart,
  formatMailbox,
  formatReversePath,
  isLiteral,
  needsUtf8,
  NULL_REVERSE_PATH,
  parseMailbox,
  parseMailHost,
} from "./mailbox.ts";

const EXAMPLE = domain("b.example");

function verdict(text: string, utf8 = false): string {
  const parsed = parseMailbox(text, { utf8 });
  return parsed.ok ? "ok" : parsed.error.kind;
}

/** Any UTF-16 unit, halves of pairs too. */
const ANY_UNIT = fc.nat(0xffff).map((unit) => String.fromCharCode(unit));

test("parseMailbox: what is a mailbox and what is none, RFC 5321 §4.1.2", () => {
  const cases: readonly [string, "ok" | AddressFault["kind"]][] = [
    ["a@b.example", "ok"],
    ["A.b+c=d!#$%&'*-/?^_`{|}~@b.example", "ok"],
    ['"a b"@b.example', "ok"],
    ['""@b.example', "ok"],
    ['"a@b"@b.example', "ok"],
    ['"\\"\\\\\\a"@b.example', "ok"],
    ["a@[192.0.2.1]", "ok"],
    ["a@[IPv6:2001:db8::1]", "ok"],
    ["a@[tag:x@y]", "ok"],
    ["a@localhost", "ok"],
    ["", "syntax"],
    ["a", "syntax"],
    ["a@", "syntax"],
    ["@b.example", "syntax"],
    ["a@@b.example", "syntax"],
    ["a@b@c.example", "syntax"],
    [".a@b.example", "syntax"],
    ["a.@b.example", "syntax"],
    ["a..b@b.example", "syntax"],
    ["a b@b.example", "syntax"],
    ['a"b"@b.example', "syntax"],
    ['"a"b@b.example', "syntax"],
    ['"a@b.example', "syntax"],
    ['"a\\"@b.example', "syntax"],
    ['"a\u0009b"@b.example', "syntax"],
    ['"\\\u0001"@b.example', "syntax"],
    ["a\u0000@b.example", "syntax"],
    ["a@b.example ", "syntax"],
    ["a@b..example", "syntax"],
    ["a@b.example.", "syntax"],
    ["a@-b.example", "syntax"],
    ["a@b_c.example", "syntax"],
    ["a@[192.0.2.256]", "syntax"],
    ["a@[192.0.2.1", "syntax"],
    ["é@b.example", "not-ascii"],
    ["a@bücher.example", "not-ascii"],
  ];
  for (const [text, expected] of cases) assert.equal(verdict(text), expected, text);
});

test("parseMailbox: SMTPUTF8 adds letters beyond ASCII, RFC 6531 §3.3", () => {
  assert.deepEqual(parseMailbox("ö.é@bücher.example", { utf8: true }), {
    ok: true,
    value: { localPart: "ö.é", domain: domain("xn--bcher-kva.example") },
  });
  assert.equal(verdict('"\u{1f4ee} ü"@b.example', true), "ok");
  assert.equal(verdict("\u{1f4ee}@b.example", true), "ok");
  assert.equal(verdict('"\\é"@b.example', true), "syntax");
  assert.equal(verdict("\ud83d@b.example", true), "syntax");
  assert.equal(verdict('"\udcee"@b.example', true), "syntax");
  assert.deepEqual(
    ["é@x", "e@x"].map((text) => needsUtf8({ localPart: text.slice(0, 1), domain: EXAMPLE })),
    [true, false],
  );
});

test("parseMailbox: lengths in octets, RFC 5321 §4.5.3.1", () => {
  const long = `${"b".repeat(60)}.`.repeat(4);
  assert.equal(verdict(`${"a".repeat(64)}@b.example`), "ok");
  assert.equal(verdict(`${"a".repeat(65)}@b.example`), "too-long");
  assert.equal(verdict(`"${"a".repeat(62)}"@b.example`), "ok");
  assert.equal(verdict(`"${"a".repeat(63)}"@b.example`), "too-long");
  assert.equal(verdict(`${"é".repeat(32)}@b.example`, true), "ok");
  assert.equal(verdict(`${"é".repeat(33)}@b.example`, true), "too-long");
  assert.equal(verdict(`${"a".repeat(6)}@${long}ccc`), "ok");
  assert.equal(verdict(`${"a".repeat(7)}@${long}ccc`), "too-long");
  assert.equal(verdict(`a@${long}${"c".repeat(20)}`), "too-long");
});

test("parseMailbox: spelling goes, meaning and letter case stay; equal addresses are equal values, RFC 5321 §2.4, §4.1.2", () => {
  const same = ['"Ann.b"@B.EXAMPLE', "Ann.b@b.example", '"\\An\\n.b"@b.Example'];
  for (const text of same) {
    assert.deepEqual(parseMailbox(text), { ok: true, value: { localPart: "Ann.b", domain: EXAMPLE } });
  }
});

test("formatMailbox: the least quoting, RFC 5321 §4.1.2", () => {
  const cases: readonly [string, string][] = [
    ["a.b", "a.b"],
    ["", '""'],
    ["a b", '"a b"'],
    ["a..b", '"a..b"'],
    ['a"\\', '"a\\"\\\\"'],
    ["é", "é"],
  ];
  for (const [localPart, expected] of cases) assert.equal(formatLocalPart(localPart), expected);
  assert.equal(formatReversePath(NULL_REVERSE_PATH), "<>");
  const mailbox = { localPart: "a b", domain: EXAMPLE };
  assert.equal(formatReversePath({ kind: "mailbox", mailbox }), '<"a b"@b.example>');
  const host = parseMailHost("[192.0.2.1]");
  assert.ok(host.ok && isLiteral(host.value) && !isLiteral(EXAMPLE));
});

test("parseMailbox: reads back everything that formatMailbox writes", () => {
  const local = fc.string({ unit: fc.constantFrom(...Array.from('aZ0.@"\\ <>,:;()[]é\u{1f4ee}')), maxLength: 15 });
  fc.assert(
    fc.property(local, (localPart) => {
      const mailbox = { localPart, domain: EXAMPLE };
      assert.deepEqual(parseMailbox(formatMailbox(mailbox), { utf8: true }), { ok: true, value: mailbox });
    }),
  );
});

test("parseMailbox: any text gives a mailbox whose spelling is stable, or a fault", () => {
  const text = fc.oneof(
    fc.string({ unit: ANY_UNIT, maxLength: 30 }),
    fc.string({ unit: fc.constantFrom(...Array.from('ab@."\\[]:IPv6 é\u0000')), maxLength: 30 }),
  );
  fc.assert(
    fc.property(text, (text) => {
      const parsed = parseMailbox(text, { utf8: true });
      if (!parsed.ok) return;
      assert.deepEqual(parseMailbox(formatMailbox(parsed.value), { utf8: true }), parsed);
    }),
    { numRuns: 1000 },
  );
});

test("parseMailbox: the 164 addresses of isemail, as SMTP mailboxes of RFC 5321 §4.1.2", () => {
  // isemail judges header addresses; it says of each what would be wrong with it elsewhere. VALID, DNSWARN (the domain does
  // not exist) and RFC5321 (unusual, but SMTP) are mailboxes. CFWS, DEPREC and RFC5322 live in headers alone: comments,
  // folding, obsolete quoting, literals without a tag and lengths beyond SMTP's. ERR is wrong everywhere.
  const mailboxes = ["ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN", "ISEMAIL_RFC5321"];
  const tally = new Map<string, { mailbox: number; none: number }>();
  const differing: string[] = [];
  for (const { text, category, diagnosis } of isemail()) {
    const good = parseMailbox(text).ok;
    const row = tally.get(category) ?? { mailbox: 0, none: 0 };
    row[good ? "mailbox" : "none"]++;
    tally.set(category, row);
    if (good !== mailboxes.includes(category)) differing.push(`${diagnosis}: ${text}`);
  }
  assert.deepEqual(differing, [
    // Has the form of General-address-literal with the tag "1111"; that no such tag is registered is no matter of syntax.
    "ISEMAIL_RFC5322_DOMAINLITERAL: test@[1111:2222:3333:4444:5555:6666:7777:8888]",
    // RFC 5321 §4.1.3 lets "::" stand for two groups or more; one is what RFC 4291 allows and senders write.
    "ISEMAIL_RFC5321_IPV6DEPRECATED: test@[IPv6:1111:2222:3333:4444:5555:6666::8888]",
  ]);
  assert.deepEqual(
    tally,
    new Map([
      ["ISEMAIL_ERR", { mailbox: 0, none: 66 }],
      ["ISEMAIL_DNSWARN", { mailbox: 8, none: 0 }],
      ["ISEMAIL_RFC5321", { mailbox: 16, none: 0 }],
      ["ISEMAIL_VALID_CATEGORY", { mailbox: 14, none: 0 }],
      ["ISEMAIL_RFC5322", { mailbox: 1, none: 29 }],
      ["ISEMAIL_CFWS", { mailbox: 0, none: 10 }],
      ["ISEMAIL_DEPREC", { mailbox: 1, none: 19 }],
    ]),
  );
});

interface IsemailCase {
  readonly text: string;
  readonly category: string;
  readonly diagnosis: string;
}

function isemail(): IsemailCase[] {
  const file = new URL("../../test/corpus/address/isemail-tests.xml", import.meta.url);
  return readFileSync(file, "utf8")
    .split("<test id=")
    .slice(1)
    .map((part) => ({
      text: decode(element(part, "address")),
      category: element(part, "category"),
      diagnosis: element(part, "diagnosis"),
    }));
}

function element(part: string, name: string): string {
  const start = part.indexOf(`<${name}>`);
  return start < 0 ? "" : part.slice(start + name.length + 2, part.indexOf(`</${name}>`));
}

/** XML's references, and the visible symbols that stand for control characters in this file. */
function decode(text: string): string {
  const named = new Map([
    ["lt", "<"],
    ["gt", ">"],
    ["quot", '"'],
    ["apos", "'"],
    ["amp", "&"],
  ]);
  return text
    .replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (_, hex?: string, decimal?: string, name?: string) =>
      name === undefined
        ? String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16))
        : (named.get(name) ?? ""),
    )
    .replace(/[\u2400-\u241f]/g, (symbol) => String.fromCharCode(symbol.charCodeAt(0) - 0x2400));
}
