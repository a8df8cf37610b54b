import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { vectors } from "../../../test/support/vectors.ts";
import { utf8 } from "../../base/mod.ts";
import { matchesPattern } from "../pattern.ts";
import { listChange } from "./list-change.ts";
import { findInLists } from "./list-find.ts";
import { type ListFile, parseListFile } from "./list-file.ts";
import { listTime } from "./list-time.ts";
import { domain } from "../../mail/mod.ts";

const published = vectors("starttls-everywhere");

test("parseListFile: the last list that was published, 926 domains and 4 aliases", { skip: published.skip }, () => {
  const parsed = parseListFile(readFileSync(`${published.path}/policy.json`));
  assert.ok(parsed.ok);
  const { policies, aliases, author, timestamp, expires } = parsed.value;
  const entries = [...policies.values()];
  const written = entries.filter((entry) => entry.alias === undefined);
  assert.deepEqual(
    {
      domains: policies.size,
      aliases: aliases.size,
      enforce: written.filter(({ mode }) => mode === "enforce").length,
      testing: written.filter(({ mode }) => mode === "testing").length,
      aliased: entries.length - written.length,
      author,
      issued: new Date(timestamp).toISOString(),
      ends: new Date(expires).toISOString(),
      eff: policies.get(domain("eff.org")),
      aol: policies.get(domain("aol.com")),
    },
    {
      domains: 926,
      aliases: 4,
      enforce: 361,
      testing: 553,
      aliased: 12,
      author: "Electronic Frontier Foundation https://eff.org",
      issued: "2020-05-20T17:25:12.710Z",
      ends: "2020-06-03T17:25:12.710Z",
      eff: { mode: "testing", mx: ["*.eff.org"] },
      aol: {
        mode: "testing",
        mx: ["*.am0.yahoodns.net", "mta5.am0.yahoodns.net", "mta6.am0.yahoodns.net", "mta7.am0.yahoodns.net"],
        alias: "yahoo",
      },
    },
  );
  assert.deepEqual(
    ["config.json", "bigger_test_config.json"].map((name) => {
      const sample = parseListFile(readFileSync(`${published.path}/${name}`));
      return sample.ok ? [...sample.value.policies.keys()] : sample.error;
    }),
    [["valid.example-recipient.com"], ["yahoodns.net", "eff.org", "google.com"]],
  );
});

test("parseListFile: schema 0.1, line by line", () => {
  const good = { mode: "enforce", mxs: ["mx.pine.example"] };
  const whole = {
    timestamp: 1_700_000_000,
    expires: "2027-01-01T00:00:00+01:00",
    version: "0.1",
    "policy-aliases": { pine: good },
    policies: { "pine.example": good },
  };
  const policy = (value: unknown): object => ({ ...whole, policies: { "pine.example": value } });
  const mxs = (...names: readonly unknown[]): object => policy({ mode: "enforce", mxs: names });
  const without = (name: string): object => Object.fromEntries(Object.entries(whole).filter(([one]) => one !== name));
  const table: readonly (readonly [string, unknown, string])[] = [
    ["a whole list", whole, "pine.example enforce mx.pine.example"],
    ["with an author", { ...whole, author: "We" }, "pine.example enforce mx.pine.example"],
    ["no domain at all", { ...whole, policies: {} }, ""],
    ["an alias", policy({ "policy-alias": "pine" }), "pine.example enforce mx.pine.example"],
    ["letter case", { ...whole, policies: { "PINE.Example": good } }, "pine.example enforce mx.pine.example"],
    [
      "an A-label",
      { ...whole, policies: { "XN--BCHER-KVA.example": good } },
      "xn--bcher-kva.example enforce mx.pine.example",
    ],
    [
      "an A-label as top-level domain",
      { ...whole, policies: { "a.xn--p1ai": good } },
      "a.xn--p1ai enforce mx.pine.example",
    ],
    ["a suffix", mxs(".pine.example", "MX.pine.example"), "pine.example enforce *.pine.example mx.pine.example"],
    ["testing", policy({ ...good, mode: "testing" }), "pine.example testing mx.pine.example"],
    ["no object", [], "it is no object"],
    ["no timestamp", without("timestamp"), 'it has no "timestamp"'],
    ["no expires", without("expires"), 'it has no "expires"'],
    ["no version", without("version"), 'it has no "version"'],
    ["no aliases", without("policy-aliases"), 'it has no "policy-aliases"'],
    ["no policies", without("policies"), 'it has no "policies"'],
    ["another version", { ...whole, version: "0.2" }, 'its version is not "0.1"'],
    ["a version that is a number", { ...whole, version: 0.1 }, 'its version is not "0.1"'],
    ["an unknown member", { ...whole, pinsets: {} }, 'it has "pinsets", which is not known'],
    ["an author that is none", { ...whole, author: 7 }, "its author is no string"],
    ["a timestamp that is none", { ...whole, timestamp: "yesterday" }, "its timestamp is no time"],
    ["an end that is none", { ...whole, expires: -1 }, 'its "expires" is no time'],
    ["aliases that are none", { ...whole, "policy-aliases": [] }, 'it has no object "policy-aliases"'],
    ["an alias without a name", { ...whole, "policy-aliases": { "": good } }, "an alias has no name"],
    [
      "an alias of an alias",
      { ...whole, "policy-aliases": { one: { "policy-alias": "two" }, two: good } },
      'the alias "one" has no "mode"',
    ],
    [
      "an alias that is not there",
      policy({ "policy-alias": "oak" }),
      '"pine.example" names an alias that is not there',
    ],
    [
      "an alias by the name of a member of Object",
      policy({ "policy-alias": "toString" }),
      '"pine.example" names an alias that is not there',
    ],
    ["an alias that is no name", policy({ "policy-alias": 1 }), '"pine.example" names an alias that is not there'],
    [
      "an alias and more",
      policy({ "policy-alias": "pine", mode: "enforce" }),
      'the policy of "pine.example" has "mode", which is not known',
    ],
    ["policies that are none", { ...whole, policies: 1 }, 'it has no object "policies"'],
    ["a policy that is none", policy("enforce"), 'the policy of "pine.example" is no object'],
    ["no mode", policy({ mxs: ["mx.pine.example"] }), 'the policy of "pine.example" has no "mode"'],
    ["another mode", policy({ ...good, mode: "none" }), 'the policy of "pine.example" has no mode: enforce or testing'],
    ["no mxs", policy({ mode: "enforce" }), 'the policy of "pine.example" has no "mxs"'],
    ["mxs that are none", policy({ ...good, mxs: "mx.pine.example" }), 'the policy of "pine.example" names no mxs'],
    ["no name in mxs", mxs(), 'the policy of "pine.example" names no mxs'],
    [
      "a name that stands twice",
      mxs("mx.pine.example", "MX.PINE.example"),
      'the policy of "pine.example" names "MX.PINE.example" twice',
    ],
    [
      "a wildcard",
      mxs("*.pine.example"),
      'the policy of "pine.example" has an entry in mxs that is no MX name: "*.pine.example"',
    ],
    [
      "a trailing dot",
      mxs("mx.pine.example."),
      'the policy of "pine.example" has an entry in mxs that is no MX name: "mx.pine.example."',
    ],
    [
      "a whole top-level domain",
      mxs(".example"),
      'the policy of "pine.example" has an entry in mxs that is no MX name: ".example"',
    ],
    ["one label", mxs("localhost"), 'the policy of "pine.example" has an entry in mxs that is no MX name: "localhost"'],
    [
      "a U-label",
      mxs("bücher.example"),
      'the policy of "pine.example" has an entry in mxs that is no MX name: "bücher.example"',
    ],
    [
      "an address",
      mxs("192.0.2.1"),
      'the policy of "pine.example" has an entry in mxs that is no MX name: "192.0.2.1"',
    ],
    [
      "a name that is none",
      mxs(["mx.pine.example"]),
      'the policy of "pine.example" has an entry in mxs that is no MX name: "[\\"mx.pine.example\\"]"',
    ],
    ["a further member", policy({ ...good, pin: "x" }), 'the policy of "pine.example" has "pin", which is not known'],
    ["a suffix as domain", { ...whole, policies: { ".pine.example": good } }, '".pine.example" is no mail domain'],
    ["a top-level domain", { ...whole, policies: { example: good } }, '"example" is no mail domain'],
    ["a domain in U-labels", { ...whole, policies: { "bücher.example": good } }, '"bücher.example" is no mail domain'],
    [
      "a domain with a trailing dot",
      { ...whole, policies: { "pine.example.": good } },
      '"pine.example." is no mail domain',
    ],
    [
      "a domain that stands twice",
      { ...whole, policies: { "pine.example": good, "Pine.example": good } },
      '"Pine.example" stands twice',
    ],
  ];
  assert.deepEqual(
    table.map(([name, value]) => [name, value, said(JSON.stringify(value))]),
    table,
  );
});

test("parseListFile: a file that is no text, no JSON or too long is refused", () => {
  const said = (octets: Uint8Array): string => {
    const parsed = parseListFile(octets);
    return parsed.ok ? "taken" : parsed.error;
  };
  assert.equal(said(Uint8Array.of(0xff)), "it is no UTF-8 text");
  assert.match(said(utf8("\ufeff{}")), /^it is no JSON/);
  assert.match(said(utf8('{"version":"0.1","version":"0.1"}')), /"version" stands twice/);
  assert.equal(said(new Uint8Array(10_000_001)), "it has more than 10000000 octets");
});

test("parseListFile: never throws, and what it takes has only names that match something", () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
  const name = fc.tuple(label, label).map(([left, right]) => `${left}.${right}.example`);
  const mx = fc.oneof(
    name,
    name.map((one) => `.${one}`),
    fc.string(),
  );
  const entry = fc.oneof(
    fc.record({ mode: fc.constantFrom("enforce", "testing"), mxs: fc.array(mx, { minLength: 1, maxLength: 4 }) }),
    fc.record({ "policy-alias": fc.constantFrom("one", "two") }),
    fc.jsonValue(),
  );
  const file = fc.record({
    timestamp: fc.oneof(fc.nat(), fc.string()),
    expires: fc.oneof(fc.nat(), fc.constant("2027-01-01T00:00:00Z")),
    version: fc.constant("0.1"),
    "policy-aliases": fc.dictionary(fc.constantFrom("one", "two"), entry, { maxKeys: 2 }),
    policies: fc.dictionary(name, entry, { maxKeys: 5 }),
  });
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof(file, fc.jsonValue()), (value) => {
      const parsed = parseListFile(utf8(JSON.stringify(value)));
      if (!parsed.ok) return assert.ok(parsed.error.length < 400);
      taken += 1;
      for (const { mx: patterns } of parsed.value.policies.values()) {
        assert.ok(patterns.length > 0);
        for (const pattern of patterns) assert.ok(matchesPattern(pattern, pattern.replace("*", "mx")));
      }
      return undefined;
    }),
    { numRuns: 3000 },
  );
  assert.ok(taken > 50, `${taken} of 3000 were lists`);
});

test("a suffix covers one label, and not the name without it (STARTTLS Everywhere, RULES)", () => {
  const list = listOf({ "pine.example": { mode: "enforce", mxs: [".pine.example"] } });
  const [pattern] = list.policies.get(domain("pine.example"))?.mx ?? [];
  assert.ok(pattern !== undefined);
  const names = ["mx.pine.example", "MX.Pine.Example", "a.mx.pine.example", "pine.example", "xpine.example"];
  assert.deepEqual(
    names.map((name) => matchesPattern(pattern, name)),
    [true, true, false, false, false],
  );
});

test("findInLists: the first list that names the domain speaks, and none inherits", () => {
  const lists = [
    { name: "first", audited: true, list: listOf({ "pine.example": { mode: "testing", mxs: ["a.pine.example"] } }) },
    {
      name: "second",
      audited: false,
      list: listOf({
        "pine.example": { mode: "enforce", mxs: ["b.pine.example"] },
        "oak.example": { mode: "enforce", mxs: [".oak.example"] },
      }),
    },
  ];
  const expires = Date.UTC(2027, 0, 1);
  assert.deepEqual(
    ["pine.example", "oak.example", "sub.oak.example", "birch.example"].map((name) => findInLists(lists, domain(name))),
    [
      { kind: "policy", mode: "testing", mx: ["a.pine.example"], list: "first", expires, audited: true },
      { kind: "policy", mode: "enforce", mx: ["*.oak.example"], list: "second", expires },
      { kind: "none" },
      { kind: "none" },
    ],
  );
});

test("listChange: what came, went, changed, and which domains are protected less", () => {
  const entry = (mode: string, ...mxs: readonly string[]): object => ({ mode, mxs });
  const before = listOf({
    "same.example": entry("enforce", "a.example", "b.example"),
    "gone.example": entry("testing", "a.example"),
    "softer.example": entry("enforce", "a.example"),
    "wider.example": entry("enforce", "a.example"),
    "narrower.example": entry("enforce", "a.example", "b.example"),
    "firmer.example": entry("testing", "a.example"),
  });
  const after = listOf({
    "same.example": entry("enforce", "b.example", "a.example"),
    "softer.example": entry("testing", "a.example"),
    "wider.example": entry("enforce", "a.example", "b.example"),
    "narrower.example": entry("enforce", "a.example"),
    "firmer.example": entry("enforce", "b.example"),
    "new.example": entry("enforce", "a.example"),
  });
  assert.deepEqual(listChange(before, after), {
    added: 1,
    removed: 1,
    changed: 4,
    weaker: ["gone.example", "softer.example", "wider.example"],
  });
});

test("listTime: seconds, and dates with an offset; nothing else", () => {
  const at = (...parts: Parameters<typeof Date.UTC>): number => Date.UTC(...parts);
  const table: readonly (readonly [string | number, number | undefined])[] = [
    [0, 0],
    [1_401_093_333, 1_401_093_333_000],
    [253_402_300_799, 253_402_300_799_000],
    [253_402_300_800, undefined],
    [-1, undefined],
    [1.5, undefined],
    [1e300, undefined],
    ["2020-05-20T10:25:12.710034-07:00", at(2020, 4, 20, 17, 25, 12, 710)],
    ["2015-08-01T12:00:00+08:00", at(2015, 7, 1, 4)],
    ["2020-02-29T23:59:59Z", at(2020, 1, 29, 23, 59, 59)],
    ["2020-02-29T23:59:59.9Z", at(2020, 1, 29, 23, 59, 59, 900)],
    ["2021-02-29T00:00:00Z", undefined],
    ["2021-04-31T00:00:00Z", undefined],
    ["2021-13-01T00:00:00Z", undefined],
    ["2021-00-01T00:00:00Z", undefined],
    ["2021-01-01T24:00:00Z", undefined],
    ["2021-01-01T00:00:60Z", undefined],
    ["2021-01-01T00:00:00", undefined],
    ["2021-01-01 00:00:00Z", undefined],
    ["2021-01-01T00:00:00z", undefined],
    ["2021-01-01T00:00:00+24:00", undefined],
    ["2021-01-01T00:00:00.Z", undefined],
    ["0999-01-01T00:00:00Z", undefined],
    ["1401093333", undefined],
    ["", undefined],
  ];
  assert.deepEqual(
    table.map(([value]) => [value, listTime(value)]),
    table,
  );
  fc.assert(
    fc.property(fc.date({ min: new Date(at(1000, 0)), max: new Date(at(9999, 0)), noInvalidDate: true }), (date) => {
      assert.equal(listTime(date.toISOString()), date.getTime());
    }),
  );
});

function listOf(policies: object): ListFile {
  const whole = { timestamp: 1, expires: "2027-01-01T00:00:00Z", version: "0.1", "policy-aliases": {}, policies };
  const parsed = parseListFile(utf8(JSON.stringify(whole)));
  assert.ok(parsed.ok, parsed.ok ? "" : parsed.error);
  return parsed.value;
}

function said(text: string): string {
  const parsed = parseListFile(utf8(text));
  if (!parsed.ok) return parsed.error;
  return [...parsed.value.policies].map(([name, { mode, mx }]) => `${name} ${mode} ${mx.join(" ")}`).join("; ");
}
