import assert from "node:assert/strict";
import { test } from "node:test";
import { existsSync, readFileSync } from "node:fs";
import { POLICIES } from "../types.ts";
import { ALERTS, COLUMNS, CORRECTIONS, catalogue, GROUPS } from "./mod.ts";
import { type GivenCatalogue, importFacts } from "./import.ts";

const GIVEN = new URL("../../../shared/threats/catalogue.json", import.meta.url);

test("catalogue: 174 rows in order, 98 with a vector of 565 cells and 76 with a claim, 641 expectations in all", () => {
  const rows = catalogue();
  const vectors = rows.filter(({ cells }) => cells.length > 0);
  const claims = rows.filter(({ claim }) => claim !== undefined);
  const cells = vectors.flatMap((row) => row.cells);
  assert.deepEqual(
    { rows: rows.length, vectors: vectors.length, claims: claims.length, cells: cells.length },
    { rows: 174, vectors: 98, claims: 76, cells: 565 },
  );
  assert.equal(cells.length + claims.length, 641);
  assert.deepEqual(
    rows.map(({ id }) => id),
    rows.map(({ id }) => id).sort(),
  );
  assert.deepEqual(
    rows.filter((row) => (row.claim === undefined) === (row.cells.length === 0)).map(({ id }) => id),
    [],
  );
});

test("catalogue: every row has our own words, a group and a known place in the order of columns", () => {
  for (const row of catalogue()) {
    assert.ok(row.title.length > 3 && row.title.length <= 60, `${row.id}: ${row.title}`);
    assert.ok(row.attack.length > 3 && !row.attack.endsWith("."), row.id);
    assert.ok(GROUPS[row.group] !== undefined, row.id);
    const order = row.cells.map(({ policy }) => POLICIES.indexOf(policy));
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
      row.id,
    );
  }
  assert.deepEqual(Object.keys(COLUMNS), [...POLICIES]);
});

test("catalogue: a few vectors whole, as they were given", () => {
  const told = (id: string): string =>
    (catalogue().find((row) => row.id === id)?.cells ?? []).map(({ policy, given }) => `${policy}=${given}`).join(" ");
  assert.equal(told("A04"), "P0=C P1=C P2=D P3=D P4=D P5t=C P5f=D P5c=D P6=D P7=B P9=X");
  assert.equal(told("A13"), "P0=C P1=C* P2=D P3=D P4=D P5t=C* P5f=D P5c=D P6=D P7=B P9=X");
  assert.equal(told("E03"), "P5t=C P5f=C P5c=D→C");
  assert.equal(told("D13"), "P6=I P7=B");
});

test("corrections: each names a cell of the catalogue, another verdict than the given one, and its section", () => {
  for (const [id, expectations] of CORRECTIONS) {
    const row = catalogue().find((one) => one.id === id);
    for (const [policy, corrected] of Object.entries(expectations)) {
      const cell = row?.cells.find((one) => one.policy === policy);
      assert.ok(cell !== undefined, `${id} ${policy}`);
      assert.notEqual(cell.given, corrected.verdict, `${id} ${policy}`);
      assert.match(corrected.because, /^RFC \d+ §[\d.]+: /, `${id} ${policy}`);
      assert.equal(cell.corrected, corrected);
    }
  }
  const odd = catalogue().flatMap(({ id, cells }) =>
    cells
      .filter(({ given, corrected }) => given === "C→D" && corrected === undefined)
      .map(({ policy }) => `${id} ${policy}`),
  );
  assert.deepEqual(odd, [], "a memory of TLS is no column of the lab");
});

test("importFacts: takes facts and no words, and throws on a code it does not know", () => {
  const row = {
    id: "Z01",
    position: "AC/OP (x)",
    alert: "R (starttls-not-supported), P0 N",
    refs: "RFC 3207 §4.2; words; RFC 5280",
  };
  assert.deepEqual(importFacts({ rows: [{ ...row, expect: { P5c: "D→C" } }] }), {
    version: 1,
    rows: [
      {
        id: "Z01",
        group: "Z",
        positions: ["AC", "OP"],
        alert: "R",
        results: ["starttls-not-supported"],
        refs: ["RFC 3207 §4.2", "RFC 5280"],
        expect: { P5c: "D→C" },
      },
    ],
  });
  assert.throws(() => importFacts({ rows: [{ ...row, expect: { P1: "Q" } }] }), /which the lab does not know/);
  assert.throws(() => importFacts({ rows: [{ ...row, position: "ZZ" }] }), /which the lab does not know/);
});

test("importFacts: what is checked in is what the catalogue has", {
  skip: existsSync(GIVEN) ? false : "the catalogue is not beside the checkout",
}, () => {
  const given = JSON.parse(readFileSync(GIVEN, "utf8")) as GivenCatalogue;
  const kept: unknown = JSON.parse(readFileSync(new URL("expectations.json", import.meta.url), "utf8"));
  assert.deepEqual(importFacts(given), kept);
});

test("rules about reports name rows of the catalogue, and result types of RFC 8460 §4.3 in order", () => {
  const known = new Set(
    `starttls-not-supported certificate-host-mismatch certificate-expired certificate-not-trusted validation-failure
     tlsa-invalid dnssec-invalid sts-policy-fetch-error sts-policy-invalid sts-webpki-invalid`.split(/\s+/),
  );
  const rules = [...ALERTS.values()].flat();
  assert.deepEqual(
    rules.flatMap(({ results }) => results.filter((one) => !known.has(one))),
    [],
  );
  assert.deepEqual(
    rules.filter(({ results }) => results.join() !== results.toSorted().join()),
    [],
  );
  const rows = catalogue().map(({ id }) => id);
  assert.deepEqual(
    [...ALERTS.keys()].filter((id) => !rows.includes(id)),
    [],
  );
});
