import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/clock.ts";
import type { Result } from "../../base/mod.ts";
import { concat, err, ok } from "../../base/mod.ts";
import { octets16, octets32 } from "../wire/encode.ts";
import type { Exchange } from "../wire/exchange.ts";
import type { Message, RawRecord } from "../wire/message.ts";
import { RCODE } from "../wire/message.ts";
import { nameOf, nameText, nameWire } from "../wire/name.ts";
import { TYPE, typeName } from "../wire/types.ts";
import { trustAdResolver } from "./trust-ad.ts";

/** What the server says under checking, by question; `bad` is a refusal, with or without CD. */
type Zone = Readonly<Record<string, Partial<Message> | "bogus" | "bad">>;

function resolverOver(zone: Zone): { ask: (name: string, type: "A" | "MX") => Promise<unknown>; asked: string[] } {
  const asked: string[] = [];
  const exchange = (checked: boolean): Exchange => ({
    async ask({ name, type }): Promise<Result<Message, { detail: string }>> {
      const question = `${nameText(name)} ${typeName(type)}`;
      asked.push(checked ? question : `${question} CD`);
      const held = zone[question];
      if (held === "bad" || (held === "bogus" && checked)) return err({ detail: "127.0.0.1:53: SERVFAIL" });
      return ok(messageOf(typeof held === "object" ? held : {}));
    },
  });
  const resolver = trustAdResolver({
    checked: exchange(true),
    unchecked: exchange(false),
    clock: new ManualClock(1_000_000),
    server: "127.0.0.1:53",
  });
  return { ask: (name, type) => resolver.query(name, type), asked };
}

const AD = { qr: true, aa: false, tc: false, rd: true, ra: true, ad: true, cd: false };
const SOA = record(
  "pine.example",
  TYPE.SOA,
  concat([nameWire(nameOf("ns")), nameWire(nameOf("h")), ...[1, 2, 3, 4, 60].map(octets32)]),
);
const MX_RDATA = concat([octets16(10), nameWire(nameOf("MX.pine.example"))]);

test("trustAdResolver is as sure as the AD bit, for data and for absences (RFC 4035 §4.9.3)", async () => {
  const mx = record("pine.example", TYPE.MX, MX_RDATA);
  const secure = resolverOver({ "pine.example MX": { flags: AD, answer: [mx] } });
  assert.deepEqual(await secure.ask("pine.example", "MX"), {
    name: "pine.example",
    chain: [],
    kind: "data",
    security: "secure",
    records: [{ preference: 10, exchange: "mx.pine.example" }],
    expires: 1_300_000,
  });
  const plain = resolverOver({ "pine.example MX": { answer: [mx] } });
  assert.partialDeepStrictEqual(await plain.ask("pine.example", "MX"), { kind: "data", security: "insecure" });
  const nothing = resolverOver({ "pine.example MX": { flags: AD, authority: [SOA] } });
  assert.partialDeepStrictEqual(await nothing.ask("pine.example", "MX"), {
    kind: "nodata",
    security: "secure",
    expires: 1_060_000,
  });
  const nobody = resolverOver({ "pine.example MX": { rcode: RCODE.NXDOMAIN, authority: [SOA] } });
  assert.partialDeepStrictEqual(await nobody.ask("pine.example", "MX"), { kind: "nxdomain", security: "insecure" });
});

test("trustAdResolver tells what the server refuses as bogus from what it cannot get", async () => {
  const bogus = resolverOver({ "pine.example MX": "bogus" });
  assert.deepEqual(await bogus.ask("pine.example", "MX"), {
    name: "pine.example",
    chain: [],
    kind: "failure",
    cause: "bogus",
    detail: "127.0.0.1:53: SERVFAIL",
  });
  const bad = resolverOver({ "pine.example MX": "bad" });
  assert.partialDeepStrictEqual(await bad.ask("pine.example", "MX"), { kind: "failure", cause: "unavailable" });
  const odd = resolverOver({ "pine.example MX": { rcode: RCODE.YXDOMAIN } });
  assert.partialDeepStrictEqual(await odd.ask("pine.example", "MX"), { kind: "failure", cause: "unavailable" });
});

test("trustAdResolver asks for each alias by itself when the whole is not secure (RFC 7672 §2.1.3)", async () => {
  const chain = [cname("a.example", "b.example"), cname("b.example", "c.example"), cname("c.example", "d.example")];
  const last = record("d.example", TYPE.A, Uint8Array.of(192, 0, 2, 1));
  const mixed = resolverOver({
    "a.example A": { answer: [...chain, last] },
    "a.example CNAME": { flags: AD, answer: chain.slice(0, 1) },
    "b.example CNAME": { answer: chain.slice(1, 2) },
    "c.example CNAME": { flags: AD, answer: chain.slice(2) },
  });
  assert.partialDeepStrictEqual(await mixed.ask("a.example", "A"), {
    security: "insecure",
    records: ["192.0.2.1"],
    chain: [
      { owner: "a.example", target: "b.example", security: "secure" },
      { owner: "b.example", target: "c.example", security: "insecure" },
      { owner: "c.example", target: "d.example", security: "insecure" },
    ],
  });
  assert.deepEqual(mixed.asked, ["a.example A", "a.example CNAME", "b.example CNAME"]);
  const whole = resolverOver({ "a.example A": { flags: AD, answer: [...chain, last] } });
  await whole.ask("a.example", "A");
  assert.deepEqual(whole.asked, ["a.example A"]);
});

test("trustAdResolver ends on circles, on long chains, and goes on where the server stopped", async () => {
  const circle = resolverOver({
    "a.example A": { answer: [cname("a.example", "b.example"), cname("b.example", "a.example")] },
  });
  assert.partialDeepStrictEqual(await circle.ask("a.example", "A"), { kind: "failure", cause: "unavailable" });
  const self = resolverOver({ "a.example A": { answer: [cname("a.example", "a.example")] } });
  assert.partialDeepStrictEqual(await self.ask("a.example", "A"), { kind: "failure", cause: "unavailable" });
  const steps: Record<string, Partial<Message>> = {};
  for (let at = 0; at < 12; at++)
    steps[`n${at}.example A`] = { flags: AD, answer: [cname(`n${at}.example`, `n${at + 1}.example`)] };
  assert.partialDeepStrictEqual(await resolverOver(steps).ask("n0.example", "A"), {
    kind: "failure",
    cause: "unavailable",
    detail: "more than 8 aliases",
  });
  const short = resolverOver({
    "a.example A": { flags: AD, answer: [cname("a.example", "b.example")] },
    "b.example A": { answer: [record("b.example", TYPE.A, Uint8Array.of(192, 0, 2, 9))] },
  });
  assert.partialDeepStrictEqual(await short.ask("a.example", "A"), {
    kind: "data",
    security: "insecure",
    records: ["192.0.2.9"],
  });
});

function cname(owner: string, target: string): RawRecord {
  return record(owner, TYPE.CNAME, nameWire(nameOf(target)));
}

function record(owner: string, type: number, rdata: Uint8Array): RawRecord {
  return { owner: nameOf(owner), type, class: 1, ttl: 300, rdata };
}

function messageOf(parts: Partial<Message>): Message {
  const type = parts.answer?.at(-1)?.type ?? TYPE.MX;
  return {
    id: 1,
    opcode: 0,
    flags: { ...AD, ad: false },
    rcode: RCODE.NOERROR,
    question: [{ name: nameOf("pine.example"), type, class: 1 }],
    answer: [],
    authority: [],
    additional: [],
    ...parts,
  };
}
