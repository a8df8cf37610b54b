import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { catalogue } from "../catalogue/mod.ts";
import { SCENARIOS } from "../rows/mod.ts";
import { expectedOf } from "../run/expect.ts";
import { POLICIES } from "../types.ts";
import { RESULT } from "../report/fixture.ts";
import { buildReport } from "../report/mod.ts";
import { blocksOf } from "./blocks.ts";
import { fill } from "./fill.ts";
import { PLACES } from "./main.ts";
import { lossesOf, type Outcomes, outcomesOf } from "./outcomes.ts";
import { RESIDUAL } from "./residual.ts";

const STALE = "stale: run the lab with --json REPORT.json, then node lab/document/main.ts REPORT.json";
const report = buildReport(RESULT, { sender: { name: "hopseal", version: "x" } });

test("threat model: the document says what outcomes.json says, no more and no less", () => {
  const document = readFileSync(PLACES.document, "utf8");
  const outcomes = JSON.parse(readFileSync(PLACES.outcomes, "utf8")) as Outcomes;
  const filled = fill(document, blocksOf(outcomes));
  assert.ok(filled.ok, filled.ok ? "" : filled.error);
  assert.ok(filled.value === document, STALE);
  assert.ok(existsSync(PLACES.picture));
});

test("threat model: it tells of every row that the lab plays, and what the lab must find there", () => {
  const outcomes = JSON.parse(readFileSync(PLACES.outcomes, "utf8")) as Outcomes;
  const told = Object.entries(outcomes.cells).flatMap(([row, columns]) =>
    Object.entries(columns).map(([policy, { verdict }]) => `${row} ${policy} ${verdict}`),
  );
  // The lab's own test says that it finds what is expected.
  const known = new Map(catalogue().map((row) => [row.id, row]));
  const due = SCENARIOS.flatMap((scenario) =>
    scenario.variants.flatMap((variant) =>
      POLICIES.flatMap((policy) => {
        const wanted = (variant.policies ?? scenario.policies)?.includes(policy) ?? true;
        const expected = expectedOf({ scenario, variant, policy }, known.get(scenario.row));
        const played = wanted && expected !== undefined && policy !== "P8" && policy !== "P9";
        return played ? [{ cell: `${scenario.row} ${policy}`, verdict: expected.verdict }] : [];
      }),
    ),
  );
  const cells = new Set(due.map(({ cell }) => cell));
  assert.deepEqual(told.map((one) => one.split(" ").slice(0, 2).join(" ")).sort(), [...cells].sort(), STALE);
  const may = new Set(due.map(({ cell, verdict }) => `${cell} ${verdict}`));
  assert.deepEqual(
    told.filter((one) => !may.has(one)),
    [],
    STALE,
  );
});

test("threat model: every cell of an enforcing column that gave the message away is told of as left over", () => {
  const outcomes = JSON.parse(readFileSync(PLACES.outcomes, "utf8")) as Outcomes;
  const told = new Set(RESIDUAL.flatMap(({ rows }) => rows));
  assert.deepEqual(
    lossesOf(outcomes).filter(({ row }) => !told.has(row)),
    [],
  );
});

test("threat model: what the catalogue expects to be lost in an enforcing column is told of, too", () => {
  const told = new Set(RESIDUAL.flatMap(({ rows }) => rows));
  const expected = catalogue().flatMap(({ id, cells }) =>
    cells.flatMap(({ policy, given, corrected }) => {
      const verdict = corrected?.verdict ?? given;
      return ["P3", "P4", "P5f", "P5c", "P6", "P7"].includes(policy) && ["C", "C*", "I", "D→C"].includes(verdict)
        ? [id]
        : [];
    }),
  );
  assert.deepEqual(
    expected.filter((id) => !told.has(id)),
    [],
  );
});

test("outcomesOf: verdicts by row and column, and what was not built by id", () => {
  const { cells, claims, notBuilt } = outcomesOf(report);
  assert.deepEqual(cells, {
    A04: { P0: { verdict: "C" }, P1: { verdict: "C" }, P2: { verdict: "D" } },
    A06: { P1: { verdict: "D", expected: "C" } },
    G07: { P6: { verdict: "C", corrected: "RFC 8689 §4.2.2: it does not fail" } },
  });
  assert.deepEqual(claims, { A17: true, A18: false });
  assert.ok(notBuilt.includes("A04 P9") && notBuilt.includes("H01"));
});

test("blocksOf: differences stand out, and losses are counted in enforcing columns alone", () => {
  const blocks = blocksOf(outcomesOf(report));
  assert.match(blocks.get("matrix") ?? "", /^\| A06 \| {2}\| \*\*D≠C\*\* \|/m);
  assert.equal(blocks.get("losses"), "1 of 1");
  assert.equal(blocks.get("count C P1"), "1");
  assert.match(blocks.get("summary") ?? "", /\| 4 \| 1 \| 560 \|/);
  assert.match(blocks.get("corrections") ?? "", /^\| G07 \| P6 \| C \| RFC 8689 §4\.2\.2: it does not fail \|$/m);
});

test("fill: replaces what stands in a place, once or ten times, and refuses what it does not know", () => {
  const blocks = new Map([
    ["one", "1"],
    ["table", "a\nb"],
  ]);
  const before = "x <!-- lab: one -->?<!-- /lab --> y\n<!-- lab: table -->\n<!-- /lab -->\n";
  const after = "x <!-- lab: one -->1<!-- /lab --> y\n<!-- lab: table -->\n\na\nb\n\n<!-- /lab -->\n";
  assert.deepEqual(fill(before, blocks), { ok: true, value: after });
  assert.deepEqual(fill(after, blocks), { ok: true, value: after });
  assert.equal(fill("<!-- lab: two --><!-- /lab -->", blocks).ok, false);
  assert.equal(fill("<!-- lab: one -->", blocks).ok, false);
  assert.equal(fill("none", blocks).ok, false);
});
