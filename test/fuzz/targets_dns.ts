import { createDeframer } from "../../src/dns/io/frame.ts";
import { decodeMessage } from "../../src/dns/wire/decode.ts";
import { absoluteText, nameWire, parseName } from "../../src/dns/wire/name.ts";
import {
  decodeA,
  decodeAaaa,
  decodeCaa,
  decodeMx,
  decodeName,
  decodeSoa,
  decodeSrv,
  decodeTlsa,
  decodeTxt,
} from "../../src/dns/wire/rdata.ts";
import {
  decodeDnskey,
  decodeDs,
  decodeNsec,
  decodeNsec3,
  decodeNsec3Param,
  decodeRrsig,
} from "../../src/dns/wire/rdata-dnssec.ts";
import { parseRecord } from "../../src/dns/wire/text-parse.ts";
import { presentRecord } from "../../src/dns/wire/text-present.ts";
import type { Target } from "./fuzz.ts";
import { text } from "./seeds.ts";

/** What name servers and zone files say. */
export const DNS_TARGETS: readonly Target[] = [
  {
    name: "DNS message",
    files: [
      "wire/decode.ts",
      "wire/reader.ts",
      "wire/layout.ts",
      "wire/rdata.ts",
      "wire/rdata-dnssec.ts",
      "wire/text-present.ts",
      "wire/hierarchy.ts",
    ],
    seeds: messages(),
    words: [
      "\xc0\x0c",
      "\x00\x01\x00\x01",
      "\x00\x34\x00\x01",
      "\x00\x2e\x00\x01",
      "\x3f",
      "\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x00",
    ],
    read: (octets) => {
      const message = decodeMessage(octets);
      if (!message.ok) return message;
      const { answer, authority, additional } = message.value;
      return [
        message,
        [...answer, ...authority, ...additional].map((record) => [presentRecord(record), readData(record.rdata)]),
      ];
    },
  },
  {
    name: "record data",
    files: ["wire/rdata.ts", "wire/rdata-dnssec.ts"],
    seeds: messages().map((message) => message.subarray(33)),
    words: ["\x01a\x00", "\x00", "\xc0\x00", "issue"],
    read: readData,
  },
  {
    name: "DNS over TCP",
    // 30,000 messages.
    within: 30,
    files: ["dns/io/frame.ts"],
    seeds: ["\x00\x03abc\x00\x01d", "\x00\x00\x00\x00", "\xff\xffabc"],
    read: (octets) => unframe([octets]),
    readInChunks: unframe,
  },
  {
    name: "record as text",
    // 30,000 words.
    within: 40,
    files: ["wire/text-parse.ts", "wire/text-tokens.ts", "wire/text-fields.ts", "wire/text-forms.ts", "wire/name.ts"],
    seeds: [
      "a.example. 3600 IN MX 10 mx.example.",
      "a. IN TLSA 3 1 1 00ff",
      'a. TXT "x y" "\\"z\\001"',
      "a. RRSIG A 13 2 3600 20300101000000 20200101000000 1 a. AAAA",
      "a. NSEC3 1 0 1 aabb 0123456789abcdefghijklmnopqrstuv A TXT TYPE65280",
      "a. TYPE999 \\# 2 0102",
      'a. CAA 0 issue "ca.example"',
      "a. SOA a. b. 1 2 3 4 5",
      "a. AAAA 2001:db8::1",
      "a. DS 1 13 2 0011",
    ],
    words: [" IN ", "TYPE", "\\#", "\\032", '"', "(", ")", ";"],
    read: (octets) => {
      const line = text(octets);
      const record = parseRecord(line);
      const name = parseName(line);
      return [
        record.ok ? presentRecord(record.value) : record,
        name.ok ? [absoluteText(name.value), nameWire(name.value)] : name,
      ];
    },
  },
];

function readData(octets: Uint8Array): unknown {
  const decoders = [
    decodeA,
    decodeAaaa,
    decodeCaa,
    decodeMx,
    decodeName,
    decodeSoa,
    decodeSrv,
    decodeTlsa,
    decodeTxt,
    decodeDnskey,
    decodeDs,
    decodeNsec,
    decodeNsec3,
    decodeNsec3Param,
    decodeRrsig,
  ];
  return decoders.map((decode) => decode(octets));
}

function unframe(chunks: readonly Buffer[]): unknown {
  const deframer = createDeframer();
  return [chunks.flatMap((chunk) => deframer.push(chunk)).map((one) => Buffer.from(one)), deframer.held];
}

/** Answers with one record of each kind, with a compressed owner. */
function messages(): Buffer[] {
  return [
    "a.example. A 192.0.2.1",
    "a.example. MX 10 mx.a.example.",
    "a.example. TLSA 3 1 1 aabbcc",
    'a.example. TXT "v=STSv1; id=1;"',
    "a.example. SOA a. b. 1 2 3 4 5",
    "a.example. RRSIG A 13 2 3600 20300101000000 20200101000000 1 a.example. AAAA",
    "a.example. NSEC b.example. A MX RRSIG NSEC",
    "a.example. NSEC3 1 0 1 aabb 0123456789abcdefghijklmnopqrstuv A",
    "a.example. DNSKEY 257 3 13 AAAA",
    "a.example. DS 1 13 2 0011",
    'a.example. CAA 0 issue "ca.example"',
    "a.example. SRV 1 2 3 a.example.",
  ].map((line) => {
    const record = parseRecord(line);
    if (!record.ok) throw new Error(`${line}: ${record.error}`);
    const { type, rdata } = record.value;
    const question = Buffer.concat([nameWire(record.value.owner), Buffer.of(type >> 8, type & 255, 0, 1)]);
    const head = Buffer.from("123481800001000100000001", "hex");
    const answer = Buffer.from([
      0xc0,
      12,
      type >> 8,
      type & 255,
      0,
      1,
      0,
      0,
      14,
      16,
      rdata.length >> 8,
      rdata.length & 255,
    ]);
    const opt = Buffer.from("00002904d0000080000000", "hex");
    return Buffer.concat([head, question, answer, rdata, opt]);
  });
}
