import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Bytes, concat } from "../../base/mod.ts";
import { formatIpv6, parseIpv6 } from "../../mail/mod.ts";
import { type ProxyStep, proxyDecoder } from "./proxy.ts";
import { crc32c } from "./proxy_checksum.ts";
import type { ProxyHeader } from "./proxy_header.ts";

const LONGEST = 16 + 4096;

/** Pushes `octets` cut at `cuts`, and gives the end of it with all that came behind the header. */
function read(octets: Bytes, cuts: readonly number[] = []): ProxyStep {
  const decoder = proxyDecoder();
  const marks = [0, ...cuts.map((cut) => cut % (octets.length + 1)).sort((a, b) => a - b), octets.length];
  for (const [at, end] of marks.slice(1).entries()) {
    const step = decoder.push(octets.subarray(marks[at], end));
    assert.ok(decoder.buffered <= LONGEST);
    if (step.kind === "header") return { ...step, rest: concat([step.rest, octets.subarray(end)]) };
    if (step.kind === "fault") return step;
  }
  return { kind: "need-more" };
}

function latin1(text: string): Bytes {
  return Buffer.from(text, "latin1");
}

interface Block {
  readonly command?: number;
  readonly family?: number;
  readonly addresses?: Bytes;
  readonly fields?: readonly (readonly [type: number, value: Bytes])[];
  readonly checksum?: "right" | "wrong";
  readonly length?: number;
}

function block({ command = 1, family = 0x11, addresses = V4, fields = [], checksum, length }: Block): Bytes {
  const all = checksum === undefined ? fields : [...fields, [3, new Uint8Array(4)] as const];
  const rest = concat([
    addresses,
    ...all.map(([type, value]) => concat([Uint8Array.of(type, value.length >> 8, value.length & 0xff), value])),
  ]);
  const size = length ?? rest.length;
  const whole = concat([SIGNATURE, Uint8Array.of(0x20 | command, family, size >> 8, size & 0xff), rest]);
  if (checksum !== undefined) {
    const sum = crc32c(whole) ^ (checksum === "wrong" ? 1 : 0);
    new DataView(whole.buffer, whole.byteOffset).setUint32(whole.length - 4, sum);
  }
  return whole;
}

function told(address: string, port: number): ProxyHeader {
  return { kind: "told", address, port };
}

const SIGNATURE = latin1("\r\n\r\n\0\r\nQUIT\n");
const V4 = Uint8Array.of(192, 0, 2, 1, 203, 0, 113, 9, 0xd4, 0x31, 0, 25);
const V6 = concat([
  Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5),
  new Uint8Array(16).fill(1),
  Uint8Array.of(0xd4, 0x31, 0, 25),
]);
const MAPPED = concat([new Uint8Array(10), Uint8Array.of(255, 255, 192, 0, 2, 7), V6.subarray(16)]);
const UNTOLD: ProxyHeader = { kind: "untold" };

const LINES: readonly (readonly [string, ProxyHeader | string])[] = [
  ["PROXY TCP4 192.0.2.1 203.0.113.9 54321 25\r\n", told("192.0.2.1", 54321)],
  ["PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", told("255.255.255.255", 65535)],
  ["PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", told("0.0.0.0", 0)],
  ["PROXY TCP6 2001:db8::5 2001:db8::9 54321 25\r\n", told("2001:db8::5", 54321)],
  ["PROXY TCP6 2001:DB8:0:0:0:0:0:5 ::1 1 25\r\n", told("2001:db8::5", 1)],
  ["PROXY TCP6 ::ffff:192.0.2.7 ::1 1 25\r\n", told("192.0.2.7", 1)],
  ["PROXY TCP6 ::ffff:c000:207 ::1 1 25\r\n", told("192.0.2.7", 1)],
  ["PROXY UNKNOWN\r\n", UNTOLD],
  [`PROXY UNKNOWN ${"f".repeat(91)}\r\n`, UNTOLD],
  ["PROXY UNKNOWN 192.0.2.1 what ever\r\n", UNTOLD],
  [`PROXY UNKNOWN ${"f".repeat(92)}\r\n`, "the line is longer than 107 octets"],
  ["PROXY TCP4 192.0.2.1 203.0.113.9 54321 25\n", "the line does not end in CRLF"],
  ["PROXY TCP4 192.0.2.1\r 203.0.113.9 54321 25\r\n", "the line does not end in CRLF"],
  ["PROXY \r\n", "the family is none of TCP4, TCP6 and UNKNOWN"],
  ["PROXY UDP4 192.0.2.1 203.0.113.9 54321 25\r\n", "the family is none of TCP4, TCP6 and UNKNOWN"],
  ["PROXY tcp4 192.0.2.1 203.0.113.9 54321 25\r\n", "the family is none of TCP4, TCP6 and UNKNOWN"],
  ["PROXY TCP4 192.0.2.1 203.0.113.9 54321\r\n", "the addresses or ports are malformed"],
  ["PROXY TCP4 192.0.2.1 203.0.113.9 54321 25 \r\n", "the addresses or ports are malformed"],
  ["PROXY TCP4  192.0.2.1 203.0.113.9 54321 25\r\n", "the addresses or ports are malformed"],
  ["PROXY TCP4 192.0.2.256 203.0.113.9 54321 25\r\n", "the addresses or ports are malformed"],
  ["PROXY TCP4 192.0.2.010 203.0.113.9 54321 25\r\n", "the addresses or ports are malformed"],
  ["PROXY TCP4 2001:db8::5 203.0.113.9 54321 25\r\n", "the addresses or ports are malformed"],
  ["PROXY TCP6 192.0.2.1 203.0.113.9 54321 25\r\n", "the addresses or ports are malformed"],
  ["PROXY TCP4 192.0.2.1 203.0.113.9 65536 25\r\n", "the addresses or ports are malformed"],
  ["PROXY TCP4 192.0.2.1 203.0.113.9 025 25\r\n", "the addresses or ports are malformed"],
  ["PROXY TCP4 192.0.2.1 203.0.113.9 -1 25\r\n", "the addresses or ports are malformed"],
  ["proxy TCP4 192.0.2.1 203.0.113.9 54321 25\r\n", "what came first is no PROXY header"],
  ["EHLO pine.example\r\n", "what came first is no PROXY header"],
  ["PROXYTCP4 192.0.2.1 203.0.113.9 54321 25\r\n", "what came first is no PROXY header"],
  ["\r\nPROXY TCP4 192.0.2.1 203.0.113.9 1 25\r\n", "what came first is no PROXY header"],
];

const BLOCKS: readonly (readonly [string, Bytes, ProxyHeader | string])[] = [
  ["TCP over IPv4", block({}), told("192.0.2.1", 54321)],
  ["TCP over IPv6", block({ family: 0x21, addresses: V6 }), told("2001:db8::5", 54321)],
  ["an IPv4-mapped address", block({ family: 0x21, addresses: MAPPED }), told("192.0.2.7", 54321)],
  ["a unix socket", block({ family: 0x31, addresses: new Uint8Array(216) }), UNTOLD],
  ["an unspecified family", block({ family: 0, addresses: new Uint8Array(0) }), UNTOLD],
  ["an unspecified family with something behind", block({ family: 0 }), UNTOLD],
  ["LOCAL", block({ command: 0, family: 0, addresses: new Uint8Array(0) }), UNTOLD],
  ["LOCAL with addresses and a family that nobody knows", block({ command: 0, family: 0xff }), UNTOLD],
  [
    "fields to skip",
    block({
      fields: [
        [4, new Uint8Array(9)],
        [0xea, latin1("x")],
      ],
    }),
    told("192.0.2.1", 54321),
  ],
  ["the longest header", block({ fields: [[4, new Uint8Array(4096 - 12 - 3)]] }), told("192.0.2.1", 54321)],
  ["a right checksum", block({ fields: [[5, latin1("id")]], checksum: "right" }), told("192.0.2.1", 54321)],
  ["a wrong checksum", block({ checksum: "wrong" }), "the checksum is wrong"],
  ["a checksum of three octets", block({ fields: [[3, new Uint8Array(3)]] }), "the checksum is malformed"],
  ["two checksums", block({ fields: [[3, new Uint8Array(4)]], checksum: "right" }), "the checksum is malformed"],
  ["too long", block({ fields: [[4, new Uint8Array(4096 - 12 - 2)]] }), "the header is longer than 4096 octets"],
  ["addresses cut short", block({ addresses: V4.subarray(1) }), "the header is too short for its addresses"],
  ["a field cut short", block({ addresses: concat([V4, Uint8Array.of(4, 0)]) }), "a field is cut short"],
  ["a field too long", block({ addresses: concat([V4, Uint8Array.of(4, 0, 1)]) }), "a field is longer than the header"],
  ["UDP", block({ family: 0x12 }), "family 12 is not served"],
  ["family 4", block({ family: 0x41 }), "family 41 is not served"],
  ["command 2", block({ command: 2 }), "command 2 is not known"],
  [
    "version 1 in binary",
    Uint8Array.from(block({}), (octet, at) => (at === 12 ? 0x11 : octet)),
    "version 1 is not known",
  ],
  [
    "a broken signature",
    Uint8Array.from(block({}), (octet, at) => (at === 11 ? 13 : octet)),
    "what came first is no PROXY header",
  ],
];

function expected(what: ProxyHeader | string, rest: Bytes): ProxyStep {
  return typeof what === "string" ? { kind: "fault", text: what } : { kind: "header", header: what, rest };
}

test("proxyDecoder: the crc32c of the test string of its definition", () => {
  assert.equal(crc32c(latin1("123456789")), 0xe3069283);
});

test("proxyDecoder: version 1, each line cut at every octet, with octets of the client behind", () => {
  for (const [text, what] of LINES) {
    const octets = latin1(`${text}EHLO x\r\n`);
    for (let cut = 0; cut <= octets.length; cut++) {
      const step = read(octets, [cut]);
      const found = step.kind === "header" ? { ...step, rest: Buffer.from(step.rest).toString("latin1") } : step;
      const wanted = expected(what, latin1("EHLO x\r\n"));
      const want = wanted.kind === "header" ? { ...wanted, rest: "EHLO x\r\n" } : wanted;
      assert.deepEqual(found, want, `${JSON.stringify(text)} cut at ${cut}`);
    }
  }
});

test("proxyDecoder: version 2, each header cut at every octet, with octets of the client behind", () => {
  const behind = Uint8Array.of(0x16, 3, 1, 0);
  for (const [name, octets, what] of BLOCKS) {
    for (let cut = 0; cut <= octets.length + behind.length; cut++) {
      const step = read(concat([octets, behind]), [cut]);
      if (step.kind === "header") assert.deepEqual([...step.rest], [...behind], name);
      const { kind } = step;
      const found = kind === "header" ? step.header : kind === "fault" ? step.text : kind;
      assert.deepEqual(found, what, `${name} cut at ${cut}`);
    }
  }
});

const address = fc.oneof(fc.ipV4(), fc.ipV6());
const port = fc.integer({ min: 0, max: 65_535 });

test("proxyDecoder: what is written in version 1 or 2 is read back, however it is cut", () => {
  fc.assert(
    fc.property(
      fc.tuple(address, port, fc.boolean(), fc.boolean()),
      fc.uint8Array({ maxLength: 40 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      ([client, from, binary, sum], behind, cuts) => {
        const six = client.includes(":");
        const groups = parseIpv6(client) ?? [];
        const octets = six
          ? Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]))
          : Uint8Array.from(client.split(".").map(Number));
        const ports = Uint8Array.of(from >> 8, from & 255, 0, 25);
        const header = binary
          ? block({
              family: six ? 0x21 : 0x11,
              addresses: concat([octets, octets, ports]),
              ...(sum ? { checksum: "right" } : {}),
            })
          : latin1(`PROXY ${six ? "TCP6" : "TCP4"} ${client} ${client} ${from} 25\r\n`);
        const step = read(concat([header, behind]), cuts);
        const mapped = octets.length === 16 && octets.every((octet, at) => at > 11 || octet === (at < 10 ? 0 : 255));
        const plain = mapped ? octets.subarray(12).join(".") : six ? formatIpv6(groups) : client;
        assert.deepEqual(step.kind === "header" && [step.header, [...step.rest]], [told(plain, from), [...behind]]);
      },
    ),
    { numRuns: 500 },
  );
});

test("proxyDecoder: garbage, bare or behind a good beginning, is refused or waited for, and never held beyond the bound", () => {
  const starts = [latin1(""), latin1("PROXY "), latin1("PROXY TCP4 "), SIGNATURE, block({}).subarray(0, 16)];
  fc.assert(
    fc.property(
      fc.constantFrom(...starts),
      fc.uint8Array({ maxLength: 9000, size: "max" }),
      fc.array(fc.nat(), { maxLength: 4 }),
      (start, garbage, cuts) => {
        const octets = concat([start, garbage]);
        const whole = read(octets);
        assert.deepEqual(read(octets, cuts), whole);
        if (whole.kind === "need-more") assert.ok(octets.length < LONGEST);
      },
    ),
    { numRuns: 500 },
  );
});
