import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { catalogue } from "../catalogue/mod.ts";
import { edit, mutated } from "./apply.ts";
import { MUTANTS } from "./list.ts";

const textOf = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");

test("mutants: every bug still fits the sources, and changes them", () => {
  const misfits = MUTANTS.flatMap((mutant) =>
    [...new Set(mutant.edits.map(({ file }) => file))].flatMap((file) => {
      const text = textOf(file);
      const changed = mutated(mutant, file, text);
      if (!changed.ok) return [`${mutant.id}: ${changed.error}`];
      return changed.value === text ? [`${mutant.id}: ${file} stays as it is`] : [];
    }),
  );
  assert.deepEqual(misfits, []);
});

test("mutants: at least 30, each with a name of its own and cells of the catalogue that it must flip", () => {
  assert.ok(MUTANTS.length >= 30, String(MUTANTS.length));
  assert.equal(new Set(MUTANTS.map(({ id }) => id)).size, MUTANTS.length);
  const known = new Set(catalogue().flatMap(({ id, cells }) => [id, ...cells.map(({ policy }) => `${id} ${policy}`)]));
  const strange = MUTANTS.flatMap(({ id, kills }) =>
    kills.filter((cell) => !known.has(cell.join(" "))).map((cell) => `${id}: ${cell.join(" ")}`),
  );
  assert.deepEqual(strange, []);
  assert.deepEqual(
    MUTANTS.filter(({ kills }) => kills.length === 0).map(({ id }) => id),
    [],
  );
});

test("mutated: replaces what stands once, and refuses what is missing or stands twice", () => {
  const mutant = { id: "x", bug: "x", kills: [], edits: [edit("a.ts", "one", "two")] };
  assert.deepEqual(mutated(mutant, "src/a.ts", "$& one $1"), { ok: true, value: "$& two $1" });
  assert.deepEqual(mutated(mutant, "src/b.ts", "one one"), { ok: true, value: "one one" });
  assert.equal(mutated(mutant, "src/a.ts", "one one").ok, false);
  assert.equal(mutated(mutant, "src/a.ts", "nothing").ok, false);
});
