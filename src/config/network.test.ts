import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { networkSet, parseNetwork } from "./network.ts";

function holds(network: string, address: string): boolean | "no network" {
  const parsed = parseNetwork(network);
  return parsed.ok ? networkSet([parsed.value])(address) : "no network";
}

test("networkSet: who is in a block; no IPv6 block holds the IPv4 clients by their mapped form", () => {
  const table: [string, string, boolean | "no network"][] = [
    ["192.0.2.0/24", "192.0.2.7", true],
    ["192.0.2.0/24", "::ffff:192.0.2.7", true],
    ["192.0.2.0/24", "192.0.3.7", false],
    ["192.0.2.7", "192.0.2.7", true],
    ["010.0.0.1/8", "10.9.9.9", true],
    ["::ffff:192.0.2.0/120", "192.0.2.7", true],
    ["::ffff:192.0.2.0/120", "192.0.3.7", false],
    ["::/48", "192.0.2.7", false],
    ["::/0", "192.0.2.7", false],
    ["::ffff:0:0/64", "192.0.2.7", false],
    ["2001:DB8::/32", "2001:db8::1", true],
    ["fe80::/10", "fe80::1%eth0", true],
    ["10.0.0.0/8", "fe80::1%eth0", false],
    ["10.0.0.0/0x8", "10.0.0.1", "no network"],
    ["10.0.0.0/ 8", "10.0.0.1", "no network"],
    ["10.0.0.0/", "10.0.0.1", "no network"],
    ["10.0.0.0/33", "10.0.0.1", "no network"],
    ["10.0.0.0/8/8", "10.0.0.1", "no network"],
    ["::/129", "::1", "no network"],
    ["rook.example", "10.0.0.1", "no network"],
  ];
  assert.deepEqual(
    table.map(([network, address]) => [network, address, holds(network, address)]),
    table,
  );
});

test("parseNetwork: whatever it takes, the set takes too", () => {
  const text = fc.tuple(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), fc.oneof(fc.nat(140), fc.string()));
  fc.assert(
    fc.property(text, ([address, length]) => {
      const parsed = parseNetwork(`${address}/${length}`);
      if (parsed.ok) networkSet([parsed.value])("192.0.2.1");
    }),
    { seed: 7, numRuns: 500 },
  );
});
