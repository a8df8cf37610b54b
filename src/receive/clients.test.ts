import assert from "node:assert/strict";
import { BlockList } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { err, ok } from "../base/mod.ts";
import { parseClientList } from "./clients_list.ts";
import { type ClientEntry, clientTable } from "./clients_table.ts";

function entry(text: string, listed: ClientEntry["listed"]): ClientEntry {
  const [address = "", prefix] = text.split("/");
  return { address, prefix: Number(prefix), listed };
}

test("clientTable: the narrowest block decides, allow before deny, families apart", () => {
  const table = clientTable([
    entry("0.0.0.0/0", "deny"),
    entry("192.0.2.0/24", "allow"),
    entry("192.0.2.128/25", "deny"),
    entry("192.0.2.129/32", "allow"),
    entry("198.51.100.0/24", "deny"),
    entry("198.51.100.7/24", "allow"),
    entry("2001:db8::/32", "deny"),
    entry("2001:db8:1::/48", "allow"),
  ]);
  const rows = [
    ["203.0.113.1", "deny"],
    ["192.0.2.1", "allow"],
    ["192.0.2.128", "deny"],
    ["192.0.2.129", "allow"],
    ["::ffff:192.0.2.128", "deny"],
    ["::ffff:c000:281", "allow"],
    ["198.51.100.200", "allow"],
    ["2001:db8::1", "deny"],
    ["2001:db8:1:2::3", "allow"],
    ["2001:db9::1", undefined],
    ["fe80::1%eth0", undefined],
    ["not an address", undefined],
  ] as const;
  assert.deepEqual(
    rows.map(([address]) => [address, table.find(address)]),
    rows,
  );
  assert.equal(table.size, 7);
});

const block = fc.oneof(
  fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
  fc.tuple(
    fc
      .array(fc.constantFrom("0", "1", "8000", "ffff"), { minLength: 8, maxLength: 8 })
      .map((groups) => groups.join(":")),
    fc.integer({ min: 0, max: 128 }),
  ),
);

test("clientTable: holds the same addresses as Node's block list", () => {
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 8 }), fc.array(block, { maxLength: 8 }), (blocks, asked) => {
      const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
      for (const [address, prefix] of blocks) {
        const family = address.includes(":") ? "ipv6" : "ipv4";
        lists[family].addSubnet(address, prefix, family);
      }
      const table = clientTable(blocks.map(([address, prefix]) => ({ address, prefix, listed: "deny" })));
      for (const [address] of [...asked, ...blocks]) {
        const family = address.includes(":") ? "ipv6" : "ipv4";
        assert.equal(table.find(address) === "deny", lists[family].check(address, family), address);
      }
    }),
    { numRuns: 200 },
  );
});

test("clientTable: a hundred thousand networks are asked as quickly as a hundred", () => {
  const networks = (count: number): ClientEntry[] =>
    Array.from({ length: count }, (_, at) => entry(`${10 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}.0/24`, "deny"));
  const cost = (count: number): number => {
    const table = clientTable(networks(count));
    assert.equal(table.size, count);
    let best = Infinity;
    for (let round = 0; round < 7; round++) {
      const began = performance.now();
      for (let at = 0; at < 2000; at++) table.find(`11.${at & 255}.7.${at & 127}`);
      best = Math.min(best, performance.now() - began);
    }
    return best;
  };
  cost(100);
  const few = cost(100);
  assert.ok(cost(100_000) < few * 50);
});

const parse = (text: string): ReturnType<typeof ok<string>> | ReturnType<typeof err<string>> =>
  /^[\d.]+\/\d+$/.test(text) ? ok(text) : err(`${text} is none`);

test("parseClientList: one network on a line, comments and empty lines, any line end", () => {
  const text = "# a list\n192.0.2.0/24\r\n\n  198.51.100.0/24 ; SBL1\n\t; nothing\n203.0.113.0/24# end";
  assert.deepEqual(parseClientList(text, parse), ok(["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"]));
  assert.deepEqual(parseClientList("", parse), ok([]));
});

test("parseClientList: the first line that is no network is named", () => {
  assert.deepEqual(
    parseClientList("# a\n192.0.2.0/24\n\nmx.pine.example\nx", parse),
    err({ line: 4, message: "mx.pine.example is none" }),
  );
  const long = parseClientList(`192.0.2.0/24\n${"1".repeat(1_000_000)}`, parse);
  assert.deepEqual(long, err({ line: 2, message: "This is longer than any network" }));
});

test("parseClientList: what is written is read back, whatever stands between", () => {
  const network = fc
    .tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }))
    .map(([address, prefix]) => `${address}/${prefix}`);
  const blank = fc.constantFrom("", " ", "\t", "\r");
  const comment = fc.string({ maxLength: 20 }).map((text) => `#${text.replaceAll("\n", "")}`);
  const lines = fc.array(
    fc.oneof(fc.tuple(blank, network, fc.oneof(blank, comment)), fc.tuple(blank, fc.constant(""), comment)),
  );
  fc.assert(
    fc.property(lines, (made) => {
      const text = made.map((parts) => parts.join("")).join("\n");
      assert.deepEqual(
        parseClientList(text, parse),
        ok(made.map(([, network]) => network).filter((one) => one !== "")),
      );
    }),
  );
});

test("parseClientList: any text is a list or a fault at a line that it has", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0xff), { maxLength: 300 }), (units) => {
      const text = String.fromCharCode(...units);
      const read = parseClientList(text, parse);
      if (!read.ok) assert.ok(read.error.line >= 1 && read.error.line <= text.split("\n").length);
    }),
    { numRuns: 50 },
  );
});
