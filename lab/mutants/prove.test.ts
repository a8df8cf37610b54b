import assert from "node:assert/strict";
import { test } from "node:test";
import { MUTANTS } from "./list.ts";
import { killLine } from "./main.ts";
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
    flipped: ["A04 P5t: D instead of C", "A04 P5t [octet-by-octet]: D instead of C"],
    watched: 2,
  });
  assert.deepEqual(told, ["testing-enforced"]);
  const [elsewhere] = await prove(
    real.map((one) => ({ ...one, kills: [["A04", "P5c"]] as const })),
    () => undefined,
  );
  assert.deepEqual(elsewhere?.flipped, []);
});

test("killLine: killed, alive, waiting for a row, and a lab that fell over are told apart", () => {
  const proof = { id: "x", bug: "a bug", flipped: [], watched: 1 };
  assert.equal(killLine(proof), "LIVES  x: a bug\n       no cell changed");
  assert.equal(killLine({ ...proof, watched: 0 }), "waits  x: a bug\n       no cell changed");
  assert.equal(killLine({ ...proof, fault: "it broke" }), "FAULT  x: a bug\n       it broke");
  const flipped = ["A P1", "B P1", "C P1", "D P1", "E P1"];
  assert.equal(killLine({ ...proof, flipped }), "killed x: a bug\n       A P1, B P1, C P1, D P1, and 1 more");
});
