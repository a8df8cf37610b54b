import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseReceived } from "./received.ts";
import type { Received } from "./types.ts";

interface Row {
  readonly header: string;
  readonly expected: Readonly<Record<string, string>>;
}

const rows = JSON.parse(
  readFileSync(new URL("../../../test/corpus/received/rspamd/received.json", import.meta.url), "utf8"),
) as Row[];

test("parseReceived finds what rspamd's 13 fields are expected to hold, or differs for the reason given here", () => {
  assert.equal(rows.length, 13);
  for (const [at, { header, expected }] of rows.entries()) {
    const actual = flat(parseReceived(header));
    const want: Record<string, string | undefined> = { ...expected, ...DIFFERENCES.get(at)?.ours };
    for (const [key, value] of Object.entries(want)) assert.equal(actual[key], value, `${at} ${key}: ${header}`);
  }
});

function flat({ from, by, for: recipients }: Received): Record<string, string | undefined> {
  return {
    from_hostname: from?.nameIp ?? from?.name,
    real_ip: from?.ip,
    real_hostname: from?.rdns,
    by_hostname: by?.name ?? by?.ip,
    for_mbox: recipients[0],
  };
}

const BARE = "recipients are given without angle brackets";
const DIFFERENCES: ReadonlyMap<number, { readonly why: string; readonly ours: Record<string, string | undefined> }> =
  new Map([
    [1, { why: BARE, ours: { for_mbox: "test@example.com" } }],
    [2, { why: BARE, ours: { for_mbox: "xxx@xxx.xxx" } }],
    [5, { why: "(HELLO …) is no greeting, so the last address is the writer's", ours: { real_ip: "148.251.238.35" } }],
    [6, { why: "no name was looked up for an address that is not there", ours: { real_hostname: undefined } }],
  ]);
