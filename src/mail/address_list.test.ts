import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as fc from "fast-check";
import { type AddressGroup, parseAddressList } from "./address_list.ts";
import { domain } from "./domain.ts";

interface Case {
  readonly header: string;
  readonly expected: { readonly List?: readonly Entry[]; readonly Group?: readonly Group[] };
}
interface Entry {
  readonly name: string | null;
  readonly address: string | null;
}
interface Group {
  readonly name: string | null;
  readonly addresses: readonly Entry[];
}

const corpus = new URL("../../test/corpus/address/address.json", import.meta.url);
const cases: readonly Case[] = JSON.parse(readFileSync(corpus, "utf8"));

/**
 * Where we mean to differ from mail-parser: we give addresses to machines, so comments are no part of a name, encoded words
 * are left to who shows them, and what RFC 5322 §4.4 calls obsolete is put into its present form.
 */
const DIFFERENT: ReadonlyMap<string, readonly AddressGroup[]> = new Map([
  ["(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;\n", [{ name: "Hidden recipients", members: [] }]],
  [
    "Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example\n",
    [
      {
        members: [
          {
            name: "Mary Smith",
            address: "mary@example.net",
            mailbox: { localPart: "mary", domain: domain("example.net") },
          },
          { address: "jdoe@test.example", mailbox: { localPart: "jdoe", domain: domain("test.example") } },
        ],
      },
    ],
  ],
  [
    "John Doe <jdoe@machine(comment).  example>\n",
    [
      {
        members: [
          {
            name: "John Doe",
            address: "jdoe@machine.example",
            mailbox: { localPart: "jdoe", domain: domain("machine.example") },
          },
        ],
      },
    ],
  ],
]);

test("parseAddressList: the 60 header cases of mail-parser, RFC 5322 §3.4", () => {
  let whole = 0;
  for (const { header, expected } of cases) {
    const groups = parseAddressList(header, { utf8: true });
    const theirs = expected.Group ?? [{ name: null, addresses: expected.List ?? [] }];
    const named = !header.includes("=?") && !header.includes("(");
    if (named) whole++;
    if (DIFFERENT.has(header)) assert.deepEqual(groups, DIFFERENT.get(header));
    else assert.deepEqual(ours(groups, named), simplify(theirs, named), header);
  }
  assert.deepEqual([cases.length, whole], [60, 26]);
});

test("parseAddressList: words, quotes, comments and missing ends, RFC 5322 §3.4, §4.4", () => {
  const one = (text: string): readonly [string | undefined, string][] =>
    parseAddressList(text).flatMap((group) => group.members.map((member) => [member.name, member.address] as const));
  assert.deepEqual(one("Joe Q. Public <j@a.example>"), [["Joe Q. Public", "j@a.example"]]);
  assert.deepEqual(one("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>"), [
    ["Pete", "pete@silly.test"],
  ]);
  assert.deepEqual(one('"a \\"b\\" @ c" @ x . example'), [[undefined, '"a \\"b\\" @ c"@x.example']]);
  assert.deepEqual(one("<ann@[192.0.2.1]>"), [[undefined, "ann@[192.0.2.1]"]]);
  assert.deepEqual(one("Ann <ann@a.example"), [["Ann", "ann@a.example"]]);
  assert.deepEqual(one('"Ann'), [[undefined, '"Ann"']]);
  assert.deepEqual(one("two words"), [[undefined, "two words"]]);
  assert.deepEqual(one("<>, (nothing) ,,"), [[undefined, ""]]);
  assert.deepEqual(one(""), []);
  assert.deepEqual(one("ann@a.example\r\nBcc: bo@b.example"), [[undefined, "ann@a.example"]]);
});

test("parseAddressList: a mailbox is given exactly when SMTP can carry the address, RFC 5321 §4.1.2", () => {
  const mailboxes = (text: string, utf8: boolean): readonly boolean[] =>
    parseAddressList(text, { utf8 }).flatMap((group) => group.members.map((one) => one.mailbox !== undefined));
  assert.deepEqual(mailboxes("a@b.example, b, c@-d, <é@b.example>", false), [true, false, false, false]);
  assert.deepEqual(mailboxes("<é@b.example>", true), [true]);
});

function ours(groups: readonly AddressGroup[], named: boolean): Group[] {
  return groups.map(({ name, members }) => ({
    name: named ? (name ?? null) : null,
    addresses: members.map((one) => ({ name: named ? (one.name ?? null) : null, address: one.address })),
  }));
}

/** Theirs without what consists of a comment alone. */
function simplify(groups: readonly Group[], named: boolean): Group[] {
  const simple = groups.map(({ name, addresses }) => ({
    name: named ? name : null,
    addresses: addresses
      .filter((one) => one.address !== null)
      .map((one) => ({ name: named ? one.name : null, address: one.address })),
  }));
  return simple.filter((group, at) => group.addresses.length > 0 || groups[at]?.addresses.length === 0);
}

test("parseAddressList: any text in linear time, without throwing", () => {
  const piece = fc.constantFrom(
    "a",
    "@",
    ".",
    "<",
    ">",
    "(",
    ")",
    '"',
    "\\",
    ",",
    ";",
    ":",
    "[",
    "]",
    " ",
    "\r\n",
    "é",
    "\u{1f4ee}",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 80 }), (parts) => {
      for (const group of parseAddressList(parts.join(""))) {
        for (const one of group.members) assert.equal(typeof one.address, "string");
      }
    }),
    { numRuns: 500 },
  );
});
