import assert from "node:assert/strict";
import { test } from "node:test";
import { concat } from "../../base/mod.ts";
import { octets32 } from "../wire/encode.ts";
import type { Message, RawRecord } from "../wire/message.ts";
import { RCODE } from "../wire/message.ts";
import { nameOf, nameWire } from "../wire/name.ts";
import { TYPE } from "../wire/types.ts";
import { messageLifetime } from "./lifetime.ts";
import { createMessageCache } from "./messages.ts";

const NAME = nameOf("mx.pine.example");
const ZONE = nameOf("pine.example");

test("messageLifetime is the least TTL, or what the SOA allows for an absence (RFC 2308 §5)", () => {
  const a = (ttl: number): RawRecord => record(TYPE.A, ttl, Uint8Array.of(127, 0, 0, 1));
  const cname = record(TYPE.CNAME, 100, nameWire(ZONE));
  const table: readonly (readonly [string, Partial<Message>, number])[] = [
    ["data", { answer: [a(300), a(60)] }, 60],
    ["data of a year", { answer: [a(31_536_000)] }, 86_400],
    ["TTL 0", { answer: [a(0)] }, 0],
    ["a shorter signature beside it", { answer: [a(300), record(TYPE.RRSIG, 30, new Uint8Array(40))] }, 30],
    ["no data, minimum below TTL", { authority: [soa(900, 120)] }, 120],
    ["no data, TTL below minimum", { authority: [soa(90, 1200)] }, 90],
    ["no name", { rcode: RCODE.NXDOMAIN, authority: [soa(900, 120)] }, 120],
    ["no name for a year", { rcode: RCODE.NXDOMAIN, authority: [soa(31_536_000, 31_536_000)] }, 10_800],
    ["an alias that leads nowhere", { answer: [cname], authority: [soa(900, 120)] }, 100],
    ["no SOA", { authority: [] }, 0],
    ["an SOA that cannot be read", { authority: [record(TYPE.SOA, 60, Uint8Array.of(1))] }, 0],
    ["SERVFAIL", { rcode: RCODE.SERVFAIL, authority: [soa(900, 120)] }, 0],
    ["REFUSED", { rcode: RCODE.REFUSED, answer: [a(300)] }, 0],
    ["cut", { flags: { ...message({}).flags, tc: true }, answer: [a(300)] }, 0],
  ];
  for (const [what, parts, expected] of table) assert.equal(messageLifetime(message(parts)), expected, what);
});

test("createMessageCache gives a message out with its TTLs run down, rounded against us", () => {
  const cache = createMessageCache();
  const question = { name: NAME, type: TYPE.A, mode: "checking-disabled" } as const;
  cache.put(question, message({ answer: [record(TYPE.A, 300, Uint8Array.of(127, 0, 0, 1))] }), 0);
  const at = (now: number): number | undefined => {
    const stored = cache.get(question, now);
    return stored?.kind === "message" ? stored.message.answer[0]?.ttl : undefined;
  };
  assert.deepEqual([at(0), at(1), at(1_000), at(1_001), at(299_999), at(300_000)], [300, 299, 299, 298, 0, undefined]);
});

test("createMessageCache does not mix modes, types or names, but does not mind case", () => {
  const cache = createMessageCache();
  const question = { name: NAME, type: TYPE.A, mode: "checking-disabled" } as const;
  cache.put(question, message({ answer: [record(TYPE.A, 300, Uint8Array.of(127, 0, 0, 1))] }), 0);
  assert.equal(cache.get({ ...question, mode: "checked" }, 0), undefined);
  assert.equal(cache.get({ ...question, type: TYPE.AAAA }, 0), undefined);
  assert.equal(cache.get({ ...question, name: ZONE }, 0), undefined);
  assert.equal(cache.get({ ...question, name: nameOf("MX.pine.EXAMPLE") }, 0)?.kind, "message");
});

test("createMessageCache remembers a failure briefly, as a failure that says so", () => {
  const cache = createMessageCache();
  const question = { name: NAME, type: TYPE.A, mode: "checked" } as const;
  cache.putFailure(question, { detail: "127.0.0.1:53: SERVFAIL" }, 0);
  assert.deepEqual(cache.get(question, 2_000), {
    kind: "failure",
    fault: { detail: "127.0.0.1:53: SERVFAIL (remembered from 2 s ago)" },
  });
  assert.equal(cache.get(question, 5_000), undefined);
});

function record(type: number, ttl: number, rdata: Uint8Array): RawRecord {
  return { owner: type === TYPE.SOA ? ZONE : NAME, type, class: 1, ttl, rdata };
}

function soa(ttl: number, minimum: number): RawRecord {
  const numbers = [1, 2, 3, 4, minimum].map(octets32);
  return record(TYPE.SOA, ttl, concat([nameWire(ZONE), nameWire(ZONE), ...numbers]));
}

function message(parts: Partial<Message>): Message {
  return {
    id: 1,
    opcode: 0,
    flags: { qr: true, aa: false, tc: false, rd: true, ra: true, ad: false, cd: true },
    rcode: RCODE.NOERROR,
    question: [{ name: NAME, type: TYPE.A, class: 1 }],
    answer: [],
    authority: [],
    additional: [],
    ...parts,
  };
}

test("createMessageCache keeps no OPT record (RFC 6891 §6.2.1)", () => {
  const cache = createMessageCache();
  const question = { name: NAME, type: TYPE.A, mode: "checking-disabled" } as const;
  const edns = { udpSize: 1232, do: true, version: 0, options: [] };
  cache.put(question, message({ answer: [record(TYPE.A, 300, new Uint8Array(4))], edns }), 0);
  const stored = cache.get(question, 0);
  assert.ok(stored?.kind === "message" && stored.message.edns === undefined);
});
