import assert from "node:assert/strict";
import { test } from "node:test";
import { staticResolver } from "../../test/support/resolver.ts";
import { seededRandom } from "../base/mod.ts";
import { type MailHost, NO_DEMAND } from "../mail/mod.ts";
import { localPolicies } from "../policy/mod.ts";
import { planDelivery } from "./plan.ts";

const INSIDE = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1"];

async function planned(
  addresses: readonly string[],
  level?: "secure",
  { destination = "pine.example", own = [] }: { destination?: string; own?: readonly string[] } = {},
): Promise<string> {
  const resolver = staticResolver({
    "pine.example": { MX: [{ preference: 10, exchange: "mx.pine.example" }] },
    "mx.pine.example": {
      A: addresses.filter((one) => !one.includes(":")),
      AAAA: addresses.filter((one) => one.includes(":")),
    },
  });
  const plan = await planDelivery(
    { destination: destination as MailHost, demand: NO_DEMAND, via: { kind: "mx" } },
    {
      resolver,
      random: seededRandom(1),
      policies: localPolicies(level === undefined ? [] : [{ destination: "pine.example", level }]),
      self: { names: [], addresses: own },
      port: 25,
      now: 0,
      mayDial: (address) => !INSIDE.includes(address),
    },
  );
  if (plan.kind !== "hosts") return `${plan.kind} ${plan.status.enhanced} ${plan.status.text}`;
  return plan.hosts
    .map((host) => (host.kind === "dial" ? host.addresses.join(" ") : host.outcome.status.text))
    .join(", ");
}

test("planDelivery: a host that an MX record puts behind our walls is not dialled", async () => {
  for (const address of INSIDE)
    assert.equal(
      await planned([address]),
      `fail 5.4.4 The host mx.pine.example stands in no public network (${address}), so it is not dialled`,
    );
  assert.equal(await planned(["10.0.0.1", "203.0.113.1", "::1"]), "203.0.113.1");
});

test("planDelivery: an address literal, which any sender can write, leads behind our walls no more than DNS does", async () => {
  const told: string[] = [];
  for (const destination of ["[10.0.0.1]", "[IPv6:fd00::1]", "[203.0.113.1]"]) {
    told.push(await planned([], undefined, { destination }));
  }
  assert.deepEqual(told, [
    "fail 5.4.4 The host [10.0.0.1] stands in no public network (10.0.0.1), so it is not dialled",
    "fail 5.4.4 The host [IPv6:fd00::1] stands in no public network (fd00::1), so it is not dialled",
    "203.0.113.1",
  ]);
});

test("planDelivery: an MX record that leads to ourselves behind NAT is a loop, not a forbidden address (RFC 5321 §5.1)", async () => {
  assert.equal(
    await planned(["10.0.0.1"], undefined, { own: ["10.0.0.1"] }),
    "fail 5.4.6 The best mail host for pine.example is this one",
  );
});

test("planDelivery: mail of a domain that somebody protects waits where an unsigned answer names such an address", async () => {
  assert.match(
    await planned(["127.0.0.1"], "secure"),
    /^retry .* says an answer that is not signed; .* so its mail waits$/,
  );
});
