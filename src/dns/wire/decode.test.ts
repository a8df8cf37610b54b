import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodeMessage } from "./decode.ts";
import { encodeMessage, encodeQuery } from "./encode.ts";
import type { Message, RawRecord } from "./message.ts";
import { nameFromLabels, nameOf, nameText, nameWire } from "./name.ts";
import { TYPE } from "./types.ts";

const octets = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const header = (counts: string): string => `1234 8180 ${counts}`;

test("encodeQuery then decodeMessage keeps every part (RFC 1035 §4.1, RFC 6891 §6.1)", () => {
  const wire = encodeQuery({
    id: 0xabcd,
    name: nameOf("_25._tcp.mx.pine.example"),
    type: TYPE.TLSA,
    rd: true,
    cd: true,
    do: true,
    udpSize: 1232,
    cookie: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  });
  const read = decodeMessage(wire);
  assert.ok(read.ok);
  assert.deepEqual(read.value, {
    id: 0xabcd,
    opcode: 0,
    flags: { qr: false, aa: false, tc: false, rd: true, ra: false, ad: false, cd: true },
    rcode: 0,
    question: [{ name: nameOf("_25._tcp.mx.pine.example"), type: 52, class: 1 }],
    answer: [],
    authority: [],
    additional: [],
    edns: {
      udpSize: 1232,
      do: true,
      version: 0,
      options: [{ code: 10, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }],
    },
  });
});

test("decodeMessage follows compression in owners and in rdata of known types (RFC 1035 §4.1.4, RFC 3597 §4)", () => {
  const wire = octets(
    `${header("0001 0001 0000 0000")} 04 70696e65 00 000f 0001  c00c 000f 0001 00000e10 0007 000a 02 6d78 c00c`,
  );
  const read = decodeMessage(wire);
  assert.ok(read.ok);
  assert.equal(nameText(read.value.answer[0]?.owner ?? nameOf("")), "pine");
  assert.deepEqual(read.value.answer[0]?.rdata, octets("000a 02 6d78 04 70696e65 00"));
});

test("decodeMessage refuses what is no message, naming the fault and the place", () => {
  const question = "0000 0001";
  const cases: readonly (readonly [string, string, string])[] = [
    ["header cut short", "1234 8180 0001", "too-short"],
    ["pointer to itself", `${header("0001 0000 0000 0000")} c00c ${question}`, "bad-pointer"],
    ["pointer forwards", `${header("0001 0000 0000 0000")} c00e 00 ${question}`, "bad-pointer"],
    ["two pointers in a ring", `${header("0001 0000 0000 0000")} 01 61 c00c ${question}`, "bad-pointer"],
    ["reserved label type", `${header("0001 0000 0000 0000")} 41 00 ${question}`, "bad-label"],
    ["counted record missing", header("0000 0001 0000 0000"), "too-short"],
    ["rdata beyond the end", `${header("0000 0001 0000 0000")} 00 0001 0001 00000000 0004 01`, "too-short"],
    ["rdata longer than its name", `${header("0000 0001 0000 0000")} 00 0005 0001 00000000 0002 00 00`, "bad-rdata"],
    [
      "rdata shorter than its name",
      `${header("0000 0001 0000 0000")} 00 0005 0001 00000000 0001 01 61 00`,
      "bad-rdata",
    ],
    ["octets behind the end", `${header("0000 0000 0000 0000")} 00`, "trailing-octets"],
    ["two OPT records", `${header("0000 0000 0000 0002")} ${"00 0029 04d0 00000000 0000".repeat(2)}`, "bad-opt"],
    ["OPT with a cut option", `${header("0000 0000 0000 0001")} 00 0029 04d0 00000000 0003 000a00`, "bad-opt"],
    ["OPT among the answers", `${header("0000 0001 0000 0000")} 00 0029 04d0 00000000 0000`, "bad-opt"],
  ];
  const seen = cases.map(([title, hex]) => {
    const read = decodeMessage(octets(hex));
    return [title, read.ok ? "accepted" : read.error.kind];
  });
  assert.deepEqual(
    seen,
    cases.map(([title, , kind]) => [title, kind]),
  );
});

test("decodeMessage takes a TTL with the top bit as 0 (RFC 2181 §8)", () => {
  const read = decodeMessage(octets(`${header("0000 0001 0000 0000")} 00 0001 0001 80000001 0004 7f000001`));
  assert.ok(read.ok);
  assert.equal(read.value.answer[0]?.ttl, 0);
});

const label = fc.uint8Array({ minLength: 1, maxLength: 20 });
const name = fc.array(label, { maxLength: 6 }).map((labels) => {
  const made = nameFromLabels(labels);
  return made.ok ? made.value : nameOf("too.long.example");
});
const record: fc.Arbitrary<RawRecord> = fc.oneof(
  fc.record({
    owner: name,
    type: fc.constantFrom(TYPE.A, TYPE.TXT, TYPE.TLSA, TYPE.NSEC3, 4711),
    class: fc.constant(1),
    ttl: fc.nat(0x7fffffff),
    rdata: fc.uint8Array({ maxLength: 300 }),
  }),
  fc
    .tuple(name, name)
    .map(([owner, target]) => ({ owner, type: TYPE.CNAME, class: 1, ttl: 60, rdata: nameWire(target) })),
);

test("decodeMessage gives back what encodeMessage wrote", () => {
  const message: fc.Arbitrary<Message> = fc.record({
    id: fc.nat(0xffff),
    opcode: fc.nat(15),
    flags: fc.record({
      qr: fc.boolean(),
      aa: fc.boolean(),
      tc: fc.boolean(),
      rd: fc.boolean(),
      ra: fc.boolean(),
      ad: fc.boolean(),
      cd: fc.boolean(),
    }),
    rcode: fc.nat(4095),
    question: fc.array(fc.record({ name, type: fc.nat(0xffff), class: fc.constant(1) }), { maxLength: 2 }),
    answer: fc.array(record, { maxLength: 4 }),
    authority: fc.array(record, { maxLength: 4 }),
    additional: fc.array(record, { maxLength: 4 }),
    edns: fc.record({
      udpSize: fc.nat(0xffff),
      do: fc.boolean(),
      version: fc.nat(255),
      options: fc.array(fc.record({ code: fc.nat(0xffff), data: fc.uint8Array({ maxLength: 20 }) }), { maxLength: 3 }),
    }),
  });
  fc.assert(
    fc.property(message, (given) => {
      const read = decodeMessage(encodeMessage(given));
      assert.ok(read.ok);
      assert.deepEqual(JSON.stringify(read.value), JSON.stringify(given));
    }),
  );
});

test("decodeMessage never throws, on noise and on damaged messages", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (noise) => void decodeMessage(noise)));
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 6 }), damage, fc.nat(40), (answer, changes, cut) => {
      const flags = { qr: true, aa: false, tc: false, rd: true, ra: true, ad: false, cd: true };
      const whole = { id: 1, opcode: 0, flags, rcode: 0, question: [], answer, authority: [], additional: [] };
      const wire = encodeMessage(whole);
      for (const [at, octet] of changes) wire[at % wire.length] = octet;
      decodeMessage(wire.subarray(0, Math.max(0, wire.length - cut)));
    }),
  );
});

test("decodeMessage reads 64 KB of pointer chains in bounded time", () => {
  const wire = new Uint8Array(65_000);
  wire.set(octets(header("0000 1388 0000 0000")));
  // The rdata of the first record holds a chain of pointers; all owners behind it point at its end.
  wire.set(octets("00 0001 0001 00000000 3e80"), 12);
  const chain = 23;
  for (let at = 2; at < 16_000; at += 2) {
    const target = chain + at - 2;
    wire.set([0xc0 | (target >> 8), target & 0xff], chain + at);
  }
  for (let at = chain + 16_000; at + 12 <= wire.length; at += 12) wire.set(octets("fe95 0001 0001 00000000 0000"), at);
  const before = process.cpuUsage();
  decodeMessage(wire);
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < 50_000, `took ${user + system} µs`);
});

test("decodeMessage reads 64 KB of the smallest records, and of noise, in less than 50 ms", () => {
  const small = new Uint8Array(65_535);
  const record = octets("c00c 0001 0001 00000000 0000");
  small.set(octets(header("0001 0000 0000 0000")));
  small.set(octets("01 61 00 0001 0001"), 12);
  let count = 0;
  for (let at = 19; at + record.length <= small.length; at += record.length) {
    small.set(record, at);
    count++;
  }
  small.set([count >> 8, count & 255], 6);
  const whole = small.subarray(0, 19 + count * record.length);
  const noise = Uint8Array.from({ length: 65_535 }, (_, at) => (at * 2654435761) >>> 24);
  for (const message of [whole, noise]) {
    decodeMessage(message);
    const before = process.cpuUsage();
    const read = decodeMessage(message);
    const { user, system } = process.cpuUsage(before);
    assert.equal(read.ok, message === whole);
    assert.ok(user + system < 50_000, `took ${user + system} µs`);
  }
});
