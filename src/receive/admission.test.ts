import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ManualClock } from "../../test/support/clock.ts";
import { subscribe } from "../observe/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { type CountingAdmission, createAdmission } from "./admission.ts";
import { buckets } from "./admission_buckets.ts";
import { type AdmissionLimits, admissionTable, type Standing } from "./admission_table.ts";

const ROOMY: AdmissionLimits = {
  connections: 1000,
  reserved: 10,
  perClient: 1000,
  perMinute: 1000,
  ipv4Prefix: 32,
  ipv6Prefix: 64,
};
const STRANGER: Standing = { relay: false, listed: undefined };

interface House {
  readonly admission: CountingAdmission;
  readonly clock: ManualClock;
  limits: AdmissionLimits;
}

function house(limits: Partial<AdmissionLimits>, standings: Readonly<Record<string, Partial<Standing>>> = {}): House {
  const clock = new ManualClock();
  const made: House = {
    limits: { ...ROOMY, ...limits },
    clock,
    admission: createAdmission({
      clock,
      limits: () => made.limits,
      standingOf: (address) => ({ ...STRANGER, ...standings[address] }),
    }),
  };
  return made;
}

function times(count: number, admission: CountingAdmission, address: string): (Status | undefined)[] {
  return Array.from({ length: count }, () => admission.enter(address));
}

function admitted(answers: readonly (Status | undefined)[]): number {
  return answers.filter((answer) => answer === undefined).length;
}

test("createAdmission: the connections in all, of which the last are kept for relay networks", () => {
  const { admission } = house({ connections: 10, reserved: 3 }, { "10.0.0.1": { relay: true } });
  const refused = statusOf("too-many-connections");
  assert.equal(admitted(times(7, admission, "192.0.2.1")), 7);
  assert.deepEqual(admission.enter("192.0.2.2"), refused);
  assert.equal(admitted(times(3, admission, "10.0.0.1")), 3);
  assert.deepEqual(admission.enter("10.0.0.1"), refused);
  assert.equal(admission.open, 10);
  admission.leave("192.0.2.1");
  assert.deepEqual(admission.enter("192.0.2.2"), refused);
  assert.equal(admission.enter("10.0.0.1"), undefined);
});

test("createAdmission: the connections of one client, IPv4 by address and IPv6 by /64, IPv4-mapped as IPv4", () => {
  const { admission } = house({ perClient: 2 });
  const told = statusOf("too-many-connections", "Too many connections from your address");
  const rows: readonly (readonly [string, Status | undefined])[] = [
    ["192.0.2.1", undefined],
    ["::ffff:192.0.2.1", undefined],
    ["192.0.2.1", told],
    ["::ffff:c000:201", told],
    ["192.0.2.2", undefined],
    ["2001:db8:0:1::1", undefined],
    ["2001:db8:0:1:ffff::2", undefined],
    ["2001:db8:0:1::3", told],
    ["2001:db8:0:2::1", undefined],
  ];
  assert.deepEqual(
    rows.map(([address]) => [address, admission.enter(address)]),
    rows,
  );
});

test("createAdmission: wider clients, and a change of the width while some are inside", () => {
  const made = house({ perClient: 1, ipv4Prefix: 24, ipv6Prefix: 48 });
  const { admission } = made;
  assert.equal(admission.enter("192.0.2.1"), undefined);
  assert.notEqual(admission.enter("192.0.2.254"), undefined);
  assert.equal(admission.enter("192.0.3.1"), undefined);
  assert.equal(admission.enter("2001:db8::1"), undefined);
  assert.notEqual(admission.enter("2001:db8:0:ffff::1"), undefined);
  made.limits = { ...made.limits, ipv4Prefix: 32 };
  for (const address of ["192.0.2.1", "192.0.3.1", "2001:db8::1"]) admission.leave(address);
  assert.equal(admission.open, 0);
  assert.equal(admitted([admission.enter("192.0.2.1"), admission.enter("192.0.2.254")]), 2);
});

test("createAdmission: an address that is inside counts for the same client, however the width changes", () => {
  const made = house({ perClient: 2, ipv4Prefix: 24 });
  const { admission } = made;
  assert.equal(admission.enter("192.0.2.1"), undefined);
  made.limits = { ...made.limits, ipv4Prefix: 32 };
  assert.equal(admission.enter("192.0.2.1"), undefined);
  for (let at = 0; at < 2; at++) admission.leave("192.0.2.1");
  made.limits = { ...made.limits, ipv4Prefix: 24 };
  assert.equal(admitted(times(3, admission, "192.0.2.7")), 2);
});

test("createAdmission: new connections of one client and minute; others are not touched, and tokens come back", () => {
  const { admission, clock } = house({ perMinute: 6 });
  const told = statusOf("too-many-connections", "Too many new connections from your address, try again later");
  for (let at = 0; at < 6; at++) {
    assert.equal(admission.enter("192.0.2.1"), undefined);
    admission.leave("192.0.2.1");
  }
  assert.deepEqual(admission.enter("192.0.2.1"), told);
  assert.equal(admission.enter("192.0.2.2"), undefined);
  clock.advance(10_000);
  assert.deepEqual([admission.enter("192.0.2.1"), admission.enter("192.0.2.1")], [undefined, told]);
  clock.advance(60_000);
  assert.equal(admitted(times(9, admission, "192.0.2.1")), 6);
});

test("createAdmission: relay networks and the allowed are free of what binds one client, and never of the total", () => {
  const standings = { "10.0.0.1": { relay: true }, "192.0.2.9": { listed: "allow" } } as const;
  const { admission } = house({ connections: 20, reserved: 2, perClient: 1, perMinute: 1 }, standings);
  assert.equal(admitted(times(5, admission, "192.0.2.1")), 1);
  assert.equal(admitted(times(10, admission, "192.0.2.9")), 10);
  assert.equal(admitted(times(20, admission, "10.0.0.1")), 9);
  assert.equal(admitted(times(20, admission, "192.0.2.9")), 0);
});

test("createAdmission: the denied are refused for good, relay network or not, and hold no place (RFC 5321 §3.1)", () => {
  const { admission } = house({}, { "192.0.2.1": { listed: "deny" }, "10.0.0.1": { relay: true, listed: "deny" } });
  for (const address of ["192.0.2.1", "10.0.0.1"]) {
    const { code, enhanced } = admission.enter(address) ?? statusOf("ok");
    assert.equal(`${code} ${enhanced}`, "554 5.7.1");
  }
  assert.equal(admission.open, 0);
});

test("createAdmission: every refusal is told by the name of its bound, and nothing else is", () => {
  const told: unknown[] = [];
  using _heard = subscribe("hopseal:limited", (event) => told.push(event));
  const made = house({ perClient: 2, perMinute: 3 }, { "192.0.2.66": { listed: "deny" } });
  const { admission } = made;
  times(3, admission, "192.0.2.1");
  admission.leave("192.0.2.1");
  times(1, admission, "192.0.2.1");
  admission.leave("192.0.2.1");
  times(1, admission, "192.0.2.1");
  admission.enter("192.0.2.66");
  made.limits = { ...made.limits, connections: 1, reserved: 0 };
  admission.enter("192.0.2.2");
  assert.deepEqual(told, [
    { limit: "client-connections", client: "192.0.2.1" },
    { limit: "client-rate", client: "192.0.2.1" },
    { limit: "client-denied", client: "192.0.2.66" },
    { limit: "connections", client: "192.0.2.2" },
  ]);
});

/** Few addresses, so that they meet: two of one /24 and one alone, and two /64s. */
const ADDRESSES = ["192.0.2.1", "192.0.2.2", "203.0.113.1", "2001:db8::1", "2001:db8::2", "2001:db8:1::1"] as const;

const event = fc.oneof(
  fc.record({ kind: fc.constant("enter" as const), address: fc.constantFrom(...ADDRESSES) }),
  fc.record({ kind: fc.constant("leave" as const), at: fc.nat() }),
  fc.record({ kind: fc.constant("wait" as const), span: fc.integer({ min: 1, max: 90_000 }) }),
  fc.record({
    kind: fc.constant("narrow" as const),
    limits: fc.record({ perClient: fc.nat(3), ipv4Prefix: fc.constantFrom(24, 32) }),
  }),
);

test("admissionTable: never more than the bounds inside, enter and leave balance, nothing is left behind", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), fc.integer({ min: 1, max: 8 }), (events, connections) => {
      let limits: AdmissionLimits = { ...ROOMY, connections, reserved: 0, perClient: 3, perMinute: 5 };
      let now = 0;
      const table = admissionTable(
        () => limits,
        () => STRANGER,
      );
      const inside: string[] = [];
      for (const one of events) {
        if (one.kind === "wait") now += one.span;
        else if (one.kind === "narrow") limits = { ...limits, ...one.limits };
        else if (one.kind === "leave") {
          const [gone] = inside.length === 0 ? [] : inside.splice(one.at % inside.length, 1);
          if (gone === undefined) table.leave("198.51.100.7");
          else table.leave(gone);
        } else if (table.enter(one.address, now) === undefined) {
          inside.push(one.address);
          assert.ok(inside.filter((address) => address === one.address).length <= limits.perClient);
        }
        assert.equal(table.open, inside.length);
        assert.ok(inside.length <= connections);
        assert.ok(table.clients <= inside.length + ADDRESSES.length);
      }
      for (const address of inside) table.leave(address);
      assert.equal(table.open, 0);
      now += 60_000;
      limits = { ...ROOMY, connections, reserved: 0 };
      assert.equal(table.enter("198.51.100.8", now), undefined);
      table.leave("198.51.100.8");
      now += 60_000;
      assert.equal(table.enter("198.51.100.9", now), undefined);
      // The one that is inside, its bucket, and that of the one before.
      assert.equal(table.clients, 3);
    }),
  );
});

test("admissionTable: a flood of addresses takes no more memory than the bound, and binds nobody", () => {
  const table = admissionTable(
    () => ({ ...ROOMY, perMinute: 2 }),
    () => STRANGER,
    buckets(100),
  );
  for (let at = 0; at < 20_000; at++) {
    const address = `2001:db8:${(at >> 8).toString(16)}:${(at & 255).toString(16)}::1`;
    assert.equal(table.enter(address, at / 1000), undefined);
    table.leave(address);
    assert.ok(table.clients <= 100);
  }
  assert.equal(table.open, 0);
  assert.ok(table.clients >= 50);
});

test("buckets: as many as its size at once, then as they flow in; refusals cost nothing", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 100 }),
      (perMinute, pauses) => {
        const bucket = buckets();
        const taken: number[] = [];
        let now = 0;
        for (const pause of pauses) {
          now += pause;
          if (bucket.take("a", perMinute, now)) taken.push(now);
          const lately = taken.filter((at) => at > now - 60_000);
          // What a full bucket held, and what flowed in meanwhile.
          assert.ok(lately.length <= perMinute * 2);
        }
        assert.ok(taken.length <= perMinute + (now * perMinute) / 60_000 + 1e-6);
        assert.equal(bucket.take("b", perMinute, now), true);
      },
    ),
  );
});
