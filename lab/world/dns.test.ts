import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, systemClock } from "../../src/base/mod.ts";
import { openDns } from "../../src/dns/io/mod.ts";
import type { DnsTrick } from "../types.ts";
import { openDnsFront } from "./dns_front.ts";
import { growTree, type ZonePlan } from "./dns_tree.ts";

const PLANS: readonly ZonePlan[] = [
  {
    name: "rook.test",
    signed: true,
    records: [
      "rook.test MX 10 mx.rook.test",
      "mx.rook.test A 10.66.0.1",
      "_25._tcp.mx.rook.test TLSA 3 1 1 ab",
      "www.rook.test CNAME mx.rook.test",
    ],
  },
  { name: "oak.test", signed: false, records: ["oak.test MX 10 mx.oak.test", "mx.oak.test AAAA 2001:db8::1"] },
  { name: "elm.test", signed: true, signing: { ds: "unknown" }, records: ["elm.test A 10.66.0.3"] },
  { name: "ash.test", signed: true, signing: { ds: "wrong" }, records: ["ash.test A 10.66.0.4"] },
  { name: "fir.test", signed: true, signing: { ds: "none" }, records: ["fir.test A 10.66.0.5"] },
  { name: "yew.test", signed: true, dates: { inception: 0, expiration: 1 }, records: ["yew.test A 10.66.0.6"] },
];

async function seen(
  tricks: Readonly<Record<string, DnsTrick>>,
  questions: readonly string[],
): Promise<readonly string[]> {
  const now = Math.floor(Date.now() / 1000);
  const tree = growTree(PLANS, { inception: now - 3600, expiration: now + 3600 });
  const front = await openDnsFront({ tree, trick: (name, type) => tricks[`${name} ${type}`], stir: () => undefined });
  await using _front = front;
  const dns = await openDns({
    servers: [{ address: "127.0.0.1", port: front.port }],
    mode: "validate",
    anchors: { text: tree.anchors },
    clock: systemClock,
    random: seededRandom(1),
    deadline: 5000,
  });
  const lines: string[] = [];
  for (const question of questions) {
    const [name = "", type = ""] = question.split(" ");
    const answer = await dns.resolver.query(name, type as "A");
    lines.push(answer.kind === "failure" ? answer.cause : `${answer.kind} ${answer.security}`);
  }
  dns.close();
  return lines;
}

test("the lab's zones prove what they hold and what they lack to our resolver", async () => {
  const all = {
    "rook.test MX": "data secure",
    "mx.rook.test A": "data secure",
    "mx.rook.test AAAA": "nodata secure",
    "_25._tcp.mx.rook.test TLSA": "data secure",
    "_tcp.mx.rook.test A": "nodata secure",
    "_mta-sts.rook.test TXT": "nxdomain secure",
    "www.rook.test A": "data secure",
    "oak.test MX": "data insecure",
    "mx.oak.test AAAA": "data insecure",
    "no.oak.test A": "nxdomain insecure",
    "elm.test A": "data insecure",
    "ash.test A": "bogus",
    "fir.test A": "data insecure",
    "yew.test A": "bogus",
    "nobody.test A": "nxdomain secure",
    "other A": "nxdomain secure",
  };
  assert.deepEqual(await seen({}, Object.keys(all)), Object.values(all));
});

test("every trick that answers changes what our resolver makes of it", async () => {
  const tricks: Readonly<Record<string, readonly [DnsTrick, string]>> = {
    servfail: [{ kind: "servfail" }, "unavailable"],
    refused: [{ kind: "refused" }, "unavailable"],
    nxdomain: [{ kind: "nxdomain" }, "bogus"],
    nodata: [{ kind: "nodata" }, "bogus"],
    bogus: [{ kind: "bogus" }, "bogus"],
    unsigned: [{ kind: "unsigned" }, "bogus"],
    forge: [{ kind: "forge", records: ["rook.test MX 10 mx.evil.test"], ad: true }, "bogus"],
  };
  for (const [name, [trick, expected]] of Object.entries(tricks))
    assert.deepEqual(await seen({ "rook.test MX": trick }, ["rook.test MX"]), [expected], name);
  const forged: DnsTrick = { kind: "forge", records: ["oak.test MX 10 mx.evil.test"] };
  assert.deepEqual(await seen({ "oak.test MX": forged }, ["oak.test MX"]), ["data insecure"]);
});
