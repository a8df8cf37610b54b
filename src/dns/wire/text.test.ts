import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodeAaaa, decodeCaa, decodeMx, decodeSoa, decodeSrv, decodeTlsa, decodeTxt } from "./rdata.ts";
import {
  decodeBitmap,
  decodeDnskey,
  decodeDs,
  decodeNsec,
  decodeNsec3,
  decodeNsec3Param,
  decodeRrsig,
} from "./rdata-dnssec.ts";
import { textForm } from "./text-forms.ts";
import { bitmapOctets } from "./text-fields.ts";
import { parseRecord } from "./text-parse.ts";
import { presentRdata, presentRecord } from "./text-present.ts";
import { TYPE, typeName, typeNumber } from "./types.ts";

const LINES: readonly string[] = [
  "rook.example. 300 IN A 192.0.2.1",
  "rook.example. 300 IN AAAA 2001:db8::25",
  "rook.example. 300 IN MX 10 mx1.rook.example.",
  "rook.example. 300 IN MX 0 .",
  'rook.example. 300 IN TXT "v=spf1 -all" "a \\"quote\\", a \\\\ and \\007"',
  "rook.example. 300 IN SOA ns.rook.example. host\\.master.rook.example. 1 7200 3600 1209600 600",
  "_25._tcp.mx1.rook.example. 300 IN TLSA 3 1 1 0011223344556677",
  "_s._tcp.rook.example. 300 IN SRV 1 2 465 mx1.rook.example.",
  'rook.example. 300 IN CAA 0 issue "ca.example; policy=ev"',
  "rook.example. 300 IN DS 20326 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d",
  "rook.example. 300 IN DNSKEY 257 3 13 AwEAAQ==",
  "rook.example. 300 IN RRSIG MX 13 2 300 20260501000000 20260201000000 4711 rook.example. AwEAAQ==",
  "rook.example. 300 IN NSEC a.rook.example. NS SOA MX RRSIG NSEC DNSKEY TYPE65280",
  "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.rook.example. 300 IN NSEC3 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG",
  "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.rook.example. 300 IN NSEC3 1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr",
  "rook.example. 300 IN NSEC3PARAM 1 0 0 -",
  'rook.example. 300 IN NAPTR 20 0 "s" "sip+d2u" "" _sip._udp.rook.example.',
  "rook.example. 300 IN OPENPGPKEY AwEAAQ==",
  "rook.example. 300 IN TYPE65280 \\# 3 010203",
  "rook.example. 300 IN TYPE65280 \\# 0",
];

test("presentRecord writes what parseRecord read, for every type with a form (RFC 1035 §5.1, RFC 3597 §5)", () => {
  const shown = LINES.map((line) => {
    const read = parseRecord(line);
    return read.ok ? presentRecord(read.value) : `${line}: ${read.error}`;
  });
  assert.deepEqual(shown, LINES);
});

test("parseRecord takes parentheses, comments, any order of TTL and class, and mnemonic algorithms", () => {
  const texts = [
    "rook.example. IN 60 DS ( 1 RSASHA256 2 ; which\n 00 11\n2233 ) ; done",
    "rook.example 60 DS 1 8 2 00112233",
    "ROOK.example. 60 IN ds 1 8 2 \\# 8",
    "rook.example. 60 TYPE43 \\# 8 0001 0802 00112233",
  ];
  const read = texts.map((text) => parseRecord(text));
  assert.deepEqual(
    read.map((one) => (one.ok ? presentRecord(one.value).toLowerCase() : "refused")),
    [
      "rook.example. 60 in ds 1 8 2 00112233",
      "rook.example. 60 in ds 1 8 2 00112233",
      "refused",
      "rook.example. 60 in ds 1 8 2 00112233",
    ],
  );
});

test("parseRecord says what is wrong", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["rook.example. A 192.0.2.256", '"192.0.2.256" is no ipv4'],
    ["rook.example. A", '"" is no ipv4'],
    ["rook.example. MX 10 a. b.", '"b." is too much'],
    ["rook.example. WHAT 1", "the type is missing or unknown"],
    ['rook.example. TXT "open', "a quote does not close"],
    ["a..b. A 192.0.2.1", '"a..b." is no owner name'],
    ["rook.example. TYPE65280 1", "rdata of this type is written as \\# length hex"],
    ["rook.example. TYPE65280 \\# 2 00", "the octets behind \\# are not as many as it says"],
  ];
  assert.deepEqual(
    cases.map(([text]) => {
      const read = parseRecord(text);
      return [text, read.ok ? "accepted" : read.error];
    }),
    cases,
  );
});

test("types have a name each way, unknown ones TYPEnnn (RFC 3597 §5)", () => {
  assert.equal(typeNumber("tlsa"), 52);
  assert.equal(typeNumber("TYPE65534"), 65_534);
  assert.equal(typeNumber("TYPE65536"), undefined);
  assert.equal(typeNumber("TYPE"), undefined);
  fc.assert(fc.property(fc.nat(0xffff), (number) => assert.equal(typeNumber(typeName(number)), number)));
});

test("bitmapOctets and decodeBitmap agree (RFC 4034 §4.1.2)", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0xffff), { maxLength: 40 }), (types) => {
      assert.deepEqual([...(decodeBitmap(bitmapOctets(types)) ?? [])].sort(), [...new Set(types)].sort());
    }),
  );
  const bad = ["00", "0000", "000121ff", "0001ff0001ff", "0101ff0001ff"];
  assert.deepEqual(
    bad.map((hex) => decodeBitmap(Buffer.from(hex, "hex"))),
    bad.map(() => undefined),
  );
});

test("presenting and decoding rdata never throws, whatever its octets", () => {
  const types = [...Object.values(TYPE).filter((type) => textForm(type) !== undefined), 65_280];
  const decoders = [decodeMx, decodeTxt, decodeSrv, decodeTlsa, decodeCaa, decodeSoa, decodeAaaa];
  const signed = [decodeDnskey, decodeDs, decodeRrsig, decodeNsec, decodeNsec3, decodeNsec3Param];
  fc.assert(
    fc.property(fc.constantFrom(...types), fc.uint8Array({ maxLength: 80 }), (type, rdata) => {
      const text = presentRdata({ type, rdata });
      const read = parseRecord(`rook.example. ${typeName(type)} ${text}`);
      if (read.ok && !text.startsWith("\\#")) assert.equal(presentRdata({ type, rdata: read.value.rdata }), text);
      for (const decode of [...decoders, ...signed]) decode(rdata);
    }),
    { numRuns: 500 },
  );
});

test("parseRecord never throws", () => {
  const words = fc.constantFrom(
    "rook.example.",
    "IN",
    "60",
    "A",
    "TXT",
    "NSEC3",
    '"',
    "(",
    ")",
    ";",
    "\\",
    "\\#",
    "-",
    "1",
    "\n",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(words, fc.string({ maxLength: 8 }))), (parts) => void parseRecord(parts.join(" "))),
  );
});
