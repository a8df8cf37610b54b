import assert from "node:assert/strict";
import { test } from "node:test";
import { domain, formatMailbox, type Mailbox, parseMailbox } from "../mail/mod.ts";
import { type AliasTable, expandAliases } from "./aliases.ts";

function mailbox(text: string): Mailbox {
  const parsed = parseMailbox(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

function expand(start: string, aliases: Readonly<Record<string, readonly string[]>>): string[] | string {
  const table: AliasTable = new Map(Object.entries(aliases).map(([name, targets]) => [name, targets.map(mailbox)]));
  const result = expandAliases(mailbox(start), (name) => (name === domain("rook.example") ? table : undefined));
  return result.ok ? result.value.map(formatMailbox) : result.error.kind;
}

test("expandAliases: follows names to mailboxes, once each, and keeps what is no alias", () => {
  const table: [string, Record<string, string[]>, string[] | string][] = [
    ["bo@rook.example", {}, ["bo@rook.example"]],
    ["Sales@rook.example", { sales: ["ann@rook.example", "x@pine.example"] }, ["ann@rook.example", "x@pine.example"]],
    ["a@rook.example", { a: ["b@rook.example", "c@rook.example"], b: ["c@rook.example"] }, ["c@rook.example"]],
    // An alias that names itself keeps a copy here.
    ["bo@rook.example", { bo: ["bo@rook.example", "bo@pine.example"] }, ["bo@rook.example", "bo@pine.example"]],
    ["a@rook.example", { a: ["b@rook.example"], b: ["a@rook.example"] }, "only-loops"],
    ["a@rook.example", { a: ["b@rook.example"], b: ["a@rook.example", "d@rook.example"] }, ["d@rook.example"]],
    // Another domain's names are not ours to expand.
    ["a@pine.example", { a: ["b@rook.example"] }, ["a@pine.example"]],
  ];
  for (const [start, aliases, expected] of table) assert.deepEqual(expand(start, aliases), expected, start);
});

test("expandAliases: depth and breadth are bounded", () => {
  const chain: Record<string, string[]> = {};
  for (let at = 0; at < 20; at++) chain[`n${at}`] = [`n${at + 1}@rook.example`];
  assert.equal(expand("n0@rook.example", chain), "too-deep");
  assert.deepEqual(expand("n11@rook.example", chain), ["n20@rook.example"]);
  const wide = { all: Array.from({ length: 2000 }, (_, at) => `u${at}@rook.example`) };
  assert.equal(expand("all@rook.example", wide), "too-many");
});
