import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../../test/support/programs.ts";
import { foreignName, runForeign, whyNotHere } from "./mod.ts";
import type { ForeignName } from "./types.ts";

const skipFor = (name: ForeignName, ...programs: readonly string[]): string | false =>
  needs(...programs, "unbound", "unshare", "ip", "mount") || (whyNotHere(name) ?? false);

const ASKED = { seed: 1, rows: ["A01", "A04"], policies: ["P0", "P1", "P2", "P3", "P6"] } as const;
const TOLD = [
  "A01 P0 C",
  "A01 P1 U",
  "A01 P2 U",
  "A01 P3 S",
  "A01 P6 S",
  "A04 P0 C",
  "A04 P1 C",
  "A04 P2 D",
  "A04 P3 D",
  "A04 P6 D",
];

for (const [name, ...programs] of [
  ["postfix", "postfix", "postconf", "postqueue"],
  ["exim", "exim4"],
] as const) {
  test(`${name}: an unmodified one is attacked in a network of its own, and the lab sees what came of it`, {
    skip: skipFor(name, ...programs),
  }, async () => {
    const ran = await runForeign(name, ASKED);
    assert.ok(ran.ok, ran.ok ? "" : ran.error);
    assert.deepEqual(
      // A row may have several variants, which end alike here.
      [...new Set(ran.value.result.cells.map(({ row, policy, verdict }) => `${row} ${policy} ${verdict}`))],
      TOLD,
    );
    assert.match(ran.value.sender.version, /^(?:Postfix|Exim) \d/);
    assert.ok((ran.value.sender.configuration ?? "").includes("P3"));
  });
}

test("foreignName: knows two programs, and not ours", () => {
  assert.deepEqual(["postfix", "exim", "hopseal", ""].map(foreignName), ["postfix", "exim", undefined, undefined]);
});
