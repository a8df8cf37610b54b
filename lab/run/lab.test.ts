import assert from "node:assert/strict";
import { test } from "node:test";
import { CLAIMS } from "../rows/claims.ts";
import { SCENARIOS } from "../rows/mod.ts";
import { type CellResult, isAsExpected, type Scenario } from "../types.ts";
import { runLab } from "./run.ts";

function told({ row, variant, policy, verdict, expected, wrongAlert, reason }: CellResult): string {
  const alert = wrongAlert === undefined ? "" : `${wrongAlert}; `;
  return `${row} ${variant} ${policy}: ${verdict} instead of ${expected}: ${alert}${reason}`;
}

for (const [group, least] of Object.entries({ A: 300, B: 200, C: 150, D: 100, E: 100, F: 26, G: 14, M: 30 })) {
  test(`every attack of group ${group} on the real program ends as the threat model says, in every column`, async () => {
    const rows = [...SCENARIOS, ...CLAIMS].map(({ row }) => row).filter((row) => row.startsWith(group));
    const { cells, claims } = await runLab({ seed: 1, rows });
    assert.ok(cells.length >= least, `only ${cells.length} cells`);
    assert.deepEqual(cells.filter((cell) => !isAsExpected(cell)).map(told), []);
    assert.deepEqual(
      claims.filter(({ held }) => !held),
      [],
    );
  });
}

test("no row is left out of the tests", () => {
  assert.deepEqual(new Set([...SCENARIOS, ...CLAIMS].map(({ row }) => row.slice(0, 1))), new Set("ABCDEFGM"));
});

test("the same seed gives the same octets", async () => {
  const run = async (): Promise<string> =>
    JSON.stringify(await runLab({ seed: 7, rows: ["A04", "A09", "B01", "C04", "D05", "D12"] }));
  assert.equal(await run(), await run());
});

test("an attacker who does nothing harms no column that enforces, and plain SMTP shows the canary to the wire", async () => {
  const { cells } = await runLab({ seed: 1, rows: ["A01"] });
  assert.deepEqual(
    cells.map(({ policy, verdict }) => `${policy} ${verdict}`),
    ["P0 C", "P1 U", "P2 U", "P3 S", "P4 S", "P5t U", "P5f S", "P5c S", "P6 S", "P7 S"],
  );
  assert.deepEqual(cells[0]?.evidence, [
    { recorder: "real.mx", times: 1 },
    { recorder: "wire.clear", times: 1 },
  ]);
});

test("a row whose expectation is wrong is a difference", async () => {
  const scenario: Scenario = {
    row: "A01",
    position: "PA",
    variants: [{ id: "", attack: {} }],
    expect: { P1: { verdict: "S", because: "a test" } },
  };
  const { cells } = await runLab({ seed: 1, scenarios: [scenario], policies: ["P1"] });
  assert.deepEqual(cells.map(told), ["A01  P1: U instead of S: taken"]);
});
