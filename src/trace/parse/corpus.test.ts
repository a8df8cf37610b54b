import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { unreachable } from "../../base/mod.ts";
import { readAddress } from "./address.ts";
import { parseDate } from "./date.ts";
import { parseReceived } from "./received.ts";
import type { Protocol, Received } from "./types.ts";

/** Flat fields by the names of mail-parser's corpus; dates as ISO text. */
type Flat = Record<string, unknown>;

interface Row {
  readonly header: string;
  readonly expected: Flat | null;
}

const folder = new URL("../../../test/corpus/received/", import.meta.url);
const rows = JSON.parse(readFileSync(new URL("mail-parser-received.json", folder), "utf8")) as Row[];
const dates = JSON.parse(readFileSync(new URL("mail-parser-date.json", folder), "utf8")) as Row[];

test("parseReceived agrees field by field with mail-parser's 181 fields, or differs for the reason given here", () => {
  assert.equal(rows.length, 181);
  for (const [at, row] of rows.entries()) {
    const difference = DIFFERENCES.get(at);
    const expected = { ...flatExpected(row.expected ?? {}), ...difference?.ours };
    for (const key of Object.keys(expected)) if (expected[key] === ABSENT) delete expected[key];
    const actual = flat(parseReceived(row.header));
    assert.deepEqual(actual, expected, `${at}: ${row.header}`);
  }
});

test("every difference from mail-parser is still one, so that the list cannot hide a change", () => {
  for (const [at, { ours }] of DIFFERENCES) {
    const expected = flatExpected(rows[at]?.expected ?? {});
    for (const [key, value] of Object.entries(ours))
      assert.notDeepEqual(expected[key], value === ABSENT ? undefined : value, `${at} ${key}`);
  }
});

test("parseDate agrees with mail-parser's dates, or differs for the reason given here", () => {
  for (const [at, { header, expected }] of dates.entries()) {
    const want = DATE_DIFFERENCES.has(at) ? DATE_DIFFERENCES.get(at) : isoOf(expected);
    assert.equal(iso(parseDate(header).instant), want, `${at}: ${header}`);
  }
});

function flat(field: Received): Flat {
  const { from } = field;
  const parts: Flat = {
    from: host(from?.name, from?.nameIp),
    from_ip: from?.ipSeen === true ? from.ip : undefined,
    // Where HELO is repeated in a comment, the looked-up name is the word after "from" and stands there already.
    from_iprev:
      from?.rdns === from?.name && (from?.helo_cmd !== undefined || from?.helo !== from?.name) ? undefined : from?.rdns,
    by: host(field.by?.name, field.by?.name === undefined ? field.by?.ip : undefined),
    for_: field.for[0],
    with: field.protocol === undefined ? undefined : protocolName(field.protocol),
    via: field.via,
    id: field.id,
    ident: from?.identText,
    tls_version: field.tls.find((one) => one.version !== undefined)?.version?.replace(".", "_"),
    tls_cipher: field.tls.find((one) => one.cipher !== undefined)?.cipher,
    helo: from?.helo_cmd === undefined ? undefined : host(from.helo, literalIp(from.helo)),
    helo_cmd: from?.helo_cmd === undefined ? undefined : `${from.helo_cmd[0]}${from.helo_cmd.slice(1).toLowerCase()}`,
    date: iso(field.date.instant),
  };
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
}

function host(name: string | undefined, ip: string | undefined): unknown {
  if (name === undefined && ip === undefined) return undefined;
  return ip === undefined ? { Name: name } : name === undefined || readIp(name) ? { IpAddr: ip } : { Name: name };
}

function readIp(name: string): boolean {
  return readAddress(name.replace("[", "").replace("]", "")) !== undefined;
}

function literalIp(name: string | undefined): string | undefined {
  return name?.startsWith("[") === true ? readAddress(name.slice(1, -1))?.ip : undefined;
}

function protocolName(protocol: Protocol): string | undefined {
  const flags = `${protocol.tlsFlag ? "S" : ""}${protocol.authFlag ? "A" : ""}`;
  switch (protocol.family) {
    case "smtp":
      return "SMTP";
    case "esmtp":
      return `ESMTP${flags}`;
    case "lmtp":
      return `LMTP${flags}`;
    case "http":
      return "HTTP";
    case "local":
      return "Local";
    case "pop":
      return "POP3";
    case "imap":
      return "IMAP";
    case "mapi":
    case "other":
      return undefined;
    default:
      return unreachable(protocol.family);
  }
}

function flatExpected(expected: Flat): Flat {
  const date = isoOf(expected["date"] as Flat | null | undefined);
  const { date: _date, ...rest } = expected;
  return date === undefined ? rest : { ...rest, date };
}

function isoOf(date: Flat | null | undefined): string | undefined {
  if (date === undefined || date === null) return undefined;
  const part = (key: string): number => Number(date[key]);
  const local = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  const offset = (date["tz_before_gmt"] === true ? -1 : 1) * (part("tz_hour") * 60 + part("tz_minute"));
  return iso(local - offset * 60_000);
}

function iso(instant: number | undefined): string | undefined {
  return instant === undefined ? undefined : new Date(instant).toISOString();
}

const ABSENT = Symbol("absent");
const SHORT_YEAR = "a two-digit year below 50 is one of 2000 to 2049 (RFC 5322 §4.3)";
const CTIME = "the order of ctime can be read; mail-parser takes its numbers for something else";
const PACIFIC = "PST is -0800 and PDT -0700 (RFC 5322 §4.3)";
const SLASH = "a slash is atext, so the word does not end there (RFC 5322 §3.2.3)";
const LOCALHOST = "says more: the looked-up name is localhost";
const IDENT_IP = "says more: user@address shows the address of the client, as qmail and Yahoo write it";
const DOT_PORT = "says more: a port may follow the address behind a dot";
const MAPPED = "an IPv4-mapped address is that IPv4 address";

const DIFFERENCES: ReadonlyMap<number, { readonly why: string; readonly ours: Flat }> = new Map([
  [0, { why: "ESMTP/TLS tells of TLS as ESMTP-TLS does (row 98)", ours: { with: "ESMTPS" } }],
  [4, { why: LOCALHOST, ours: { from_iprev: "localhost" } }],
  [6, { why: "Courier's AUTH names the authenticated user, not an ident answer", ours: { ident: ABSENT } }],
  [13, { why: CTIME, ours: { date: "2003-02-07T18:18:12.000Z" } }],
  [15, { why: LOCALHOST, ours: { from_iprev: "localhost" } }],
  [28, { why: SLASH, ours: { id: "EE/20-30863-33CE1054" } }],
  [29, { why: SLASH, ours: { id: "8B/57-16227-3764EB44" } }],
  [30, { why: SLASH, ours: { id: "52/92-02454-89FBA054" } }],
  [39, { why: SLASH, ours: { ident: "W9VcNxE2vKxgWHD05PJbLzIHSxcmZQ/O" } }],
  [43, { why: DOT_PORT, ours: { from_ip: "10.0.8.6" } }],
  [50, { why: "says more: the name after ident's user", ours: { from_iprev: "one.develooper.com" } }],
  [64, { why: IDENT_IP, ours: { from_ip: "213.228.0.169" } }],
  [
    65,
    { why: "envelope-sender is no ident answer; the ident user stands before the address", ours: { ident: "jdavid" } },
  ],
  [67, { why: PACIFIC, ours: { date: "2003-02-12T22:22:21.000Z" } }],
  [68, { why: '"as user" names the user of a webmail program, not an ident answer', ours: { ident: ABSENT } }],
  [
    69,
    { why: "says more: the date is there, only its semicolon is missing", ours: { date: "2003-02-20T23:13:20.000Z" } },
  ],
  [78, { why: `${MAPPED}; ${LOCALHOST}`, ours: { from_ip: "127.0.0.1", from_iprev: "localhost" } }],
  [80, { why: MAPPED, ours: { from_ip: "61.99.99.67" } }],
  [81, { why: DOT_PORT, ours: { from_ip: "63.251.66.24" } }],
  [86, { why: IDENT_IP, ours: { from_ip: "207.213.27.129" } }],
  [87, { why: IDENT_IP, ours: { from_ip: "80.167.158.170" } }],
  [89, { why: SHORT_YEAR, ours: { date: "2003-03-27T02:43:24.000Z" } }],
  [90, { why: SHORT_YEAR, ours: { date: "2004-02-27T22:16:56.000Z" } }],
  [97, { why: IDENT_IP, ours: { from_ip: "200.69.254.217" } }],
  [
    116,
    {
      why: `${SLASH}; ${IDENT_IP}`,
      ours: { ident: "?dXqpg3b0hiH9faI2OxLT94P/YKDD3rQ1?@64.253.199.166", from_ip: "64.253.199.166" },
    },
  ],
  [117, { why: CTIME, ours: { date: "2005-11-13T14:50:12.000Z" } }],
  [118, { why: CTIME, ours: { date: "2005-11-13T15:38:52.000Z" } }],
  [119, { why: IDENT_IP, ours: { from_ip: "93.124.107.183" } }],
  [120, { why: LOCALHOST, ours: { from_iprev: "localhost" } }],
  [123, { why: '"by uid" names no host; the host stands before it', ours: { by: { Name: "alpha" } } }],
  [125, { why: SLASH, ours: { from: { Name: "Unknown/Local" } } }],
  [126, { why: LOCALHOST, ours: { from_iprev: "localhost" } }],
  [127, { why: LOCALHOST, ours: { from_iprev: "localhost" } }],
  [128, { why: SHORT_YEAR, ours: { date: "2003-03-20T09:06:43.000Z" } }],
  [129, { why: "says more: the name after ident's user", ours: { from_iprev: "casper" } }],
  [131, { why: LOCALHOST, ours: { from_iprev: "localhost" } }],
  [
    144,
    { why: "a fraction follows the seconds, it does not replace them", ours: { date: "2020-04-02T07:53:55.000Z" } },
  ],
  [
    151,
    { why: `envelope-from is no ident answer; ${CTIME}`, ours: { ident: ABSENT, date: "2018-09-14T18:36:56.000Z" } },
  ],
  [152, { why: LOCALHOST, ours: { from_iprev: "localhost" } }],
  [153, { why: "says more: what stands in the for clause, though it is no path", ours: { for_: "address" } }],
  [163, { why: PACIFIC, ours: { date: "2006-06-02T15:15:21.000Z" } }],
  [165, { why: '"invoked from network" is no from clause', ours: { from: ABSENT } }],
  [171, { why: '"from userid" inside a comment is no from clause', ours: { from: ABSENT } }],
]);

/** undefined: no date. */
const DATE_DIFFERENCES: ReadonlyMap<number, string | undefined> = new Map([
  // Numbers without a year between day and time are no date.
  [12, undefined],
  // The comment is well-formed here; mail-parser ends its input at the line end.
  [14, "2003-07-01T08:52:37.000Z"],
  // The input is a whole Received field, not a date.
  [28, undefined],
]);
