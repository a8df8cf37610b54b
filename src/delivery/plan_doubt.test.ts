import assert from "node:assert/strict";
import { test } from "node:test";
import { type StaticZone, staticResolver } from "../../test/support/resolver.ts";
import { seededRandom } from "../base/mod.ts";
import { domain, NO_DEMAND } from "../mail/mod.ts";
import { type ListFacts, type LocalPolicy, localPolicies, type StsFacts } from "../policy/mod.ts";
import { planDelivery } from "./plan.ts";

interface Protection {
  readonly entry?: LocalPolicy["level"];
  readonly sts?: StsFacts;
  readonly list?: ListFacts;
}

/** How mail for pine.example ends where DNS says that it cannot be delivered. */
async function ending(zone: StaticZone, { entry, sts, list }: Protection): Promise<string> {
  const plan = await planDelivery(
    { destination: domain("pine.example"), demand: NO_DEMAND, via: { kind: "mx" } },
    {
      resolver: staticResolver(zone),
      random: seededRandom(1),
      policies: localPolicies(entry === undefined ? [] : [{ destination: "pine.example", level: entry }]),
      self: { names: ["mx1.rook.example"], addresses: [] },
      port: 25,
      now: 0,
      sources: {
        dane: () => Promise.resolve({ kind: "absent", why: "not signed" }),
        sts: () => Promise.resolve(sts ?? { kind: "none", why: "nothing published" }),
        list: () => list ?? { kind: "none" },
      },
    },
  );
  return plan.kind === "hosts" ? "hosts" : `${plan.kind} ${plan.status.code}`;
}

const stored = (mode: "enforce" | "testing" | "none"): StsFacts => {
  return { kind: "policy", mode, mx: [], id: "1", lines: [], expires: 1 };
};
const LIST: ListFacts = { kind: "policy", mode: "enforce", mx: [], list: "eff", expires: 1 };
const WAITING: readonly (readonly [string, Protection])[] = [
  ["a local floor", { entry: "encrypt" }],
  ["a stored policy", { sts: stored("enforce") }],
  ["a stored policy in testing", { sts: stored("testing") }],
  ["a list", { list: LIST }],
];
const RETURNED: readonly (readonly [string, Protection])[] = [
  ["nothing", {}],
  ["a local entry that asks for nothing", { entry: "may" }],
  ["a policy of mode none", { sts: stored("none") }],
  ["a policy that could not be had", { sts: { kind: "failed", trouble: { at: "fetch", detail: "" } } }],
];
const mx = (exchange: string, security: "secure" | "insecure"): StaticZone[string] => {
  return { MX: { kind: "data", records: [{ preference: 0, exchange }], security } };
};
const none = (security: "secure" | "insecure"): StaticZone[string] => {
  return { A: { kind: "nodata", security }, AAAA: { kind: "nodata", security } };
};
const DENIALS: readonly (readonly [string, number, (security: "secure" | "insecure") => StaticZone])[] = [
  ["no such domain", 550, (security) => ({ "pine.example": { MX: { kind: "nxdomain", security } } })],
  ["null MX", 556, (security) => ({ "pine.example": mx("", security) })],
  ["no usable MX record", 550, (security) => ({ "pine.example": mx("192.0.2.1", security) })],
  ["no address", 550, (security) => ({ "pine.example": mx("a.example", security), "a.example": none(security) })],
  [
    "no address, by the host's zone",
    550,
    (security) => ({ "pine.example": mx("a.example", "secure"), "a.example": none(security) }),
  ],
];

for (const [name, code, zone] of DENIALS) {
  test(`planDelivery: an unsigned denial bounces no mail of a protected domain: ${name} (RFC 5321 §5.1, RFC 7505 §3)`, async () => {
    for (const [who, protection] of WAITING) {
      assert.deepEqual(
        [await ending(zone("insecure"), protection), await ending(zone("secure"), protection)],
        ["retry 451", `fail ${code}`],
        who,
      );
    }
    for (const [who, protection] of RETURNED) {
      assert.equal(await ending(zone("insecure"), protection), `fail ${code}`, who);
    }
  });
}

test("planDelivery: an MX record that names us is a loop, whoever protects the domain (RFC 5321 §5.1)", async () => {
  assert.equal(await ending({ "pine.example": mx("mx1.rook.example", "insecure") }, { entry: "encrypt" }), "fail 554");
});
