import assert from "node:assert/strict";
import { test } from "node:test";
import { MUTANTS } from "./list.ts";
import { prove } from "./prove.ts";

test("prove: a bug that is put into the running program flips its cell, and one that changes nothing lives", async () => {
  const real = MUTANTS.filter(({ id }) => id === "testing-enforced").map((one) => ({
    ...one,
    kills: [["A04", "P5t"]] as const,
  }));
  const told: string[] = [];
  const [proof] = await prove(real, ({ id }) => told.push(id));
  assert.deepEqual(proof, {
    id: "testing-enforced",
    bug: "A policy in testing holds mail back",
    flipped: ["A04 P5t: D instead of C"],
    watched: 1,
  });
  assert.deepEqual(told, ["testing-enforced"]);
  const [elsewhere] = await prove(
    real.map((one) => ({ ...one, kills: [["A04", "P5c"]] as const })),
    () => undefined,
  );
  assert.deepEqual(elsewhere?.flipped, []);
});
