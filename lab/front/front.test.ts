import assert from "node:assert/strict";
import { test } from "node:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { catalogue } from "../catalogue/mod.ts";
import { chosenPolicies, chosenRows, listing } from "./choose.ts";
import { lab, type LabEnd } from "./mod.ts";
import { progressOn } from "./progress.ts";

test("chosenRows: rows and whole groups, in order and once, and a word for what does not exist", () => {
  assert.deepEqual(chosenRows([]), { ok: true, value: undefined });
  assert.deepEqual(chosenRows(["b01", "A04", "A04"]), { ok: true, value: ["A04", "B01"] });
  const group = chosenRows(["K"]);
  assert.deepEqual(group.ok && group.value, ["K01", "K02", "K03", "K04", "K05"]);
  assert.equal(chosenRows(["A99"]).ok, false);
  assert.equal(chosenRows([""]).ok, false);
});

test("chosenPolicies: in the order of the columns, whatever the case", () => {
  assert.deepEqual(chosenPolicies([]), { ok: true, value: undefined });
  assert.deepEqual(chosenPolicies(["p6", "P5C"]), { ok: true, value: ["P5c", "P6"] });
  assert.equal(chosenPolicies(["P10"]).ok, false);
});

test("listing: every row, those that nobody plays with a mark", () => {
  const lines = listing(catalogue(), new Set(["A04"]));
  assert.equal(lines.length, 174);
  assert.match(lines[3] ?? "", /^A04 {3}The offer of STARTTLS is cut out\n/);
  assert.match(lines[0] ?? "", /^A01 - Somebody listens\n/);
});

test("progressOn: in place on a terminal, few lines elsewhere", () => {
  const said: string[] = [];
  const progress = progressOn({ write: (text) => said.push(text) });
  for (let at = 0; at <= 200; at++) progress(at, 200);
  progress.end();
  assert.equal(said.length, 11);
  assert.equal(said.at(-1), "200 of 200 played\n");
  const screen: string[] = [];
  const live = progressOn({ isTTY: true, write: (text) => screen.push(text) });
  live(1, 2);
  live.end();
  assert.deepEqual(screen, ["\r1 of 2 played\u001b[K", "\r\u001b[K"]);
});

test("lab: plays what is asked for, writes the same JSON for the same seed, and says why it cannot", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-lab-front-"));
  const said: string[] = [];
  const run = async (more: Readonly<Record<string, unknown>>): Promise<LabEnd> =>
    await lab(
      { rows: ["A04"], policies: ["P1", "P6"], sender: "hopseal", seed: 5, version: "x", ...more },
      { out: { write: (text) => said.push(text) }, side: { write: () => undefined }, colour: false },
    );
  try {
    const [one, two, page] = ["1.json", "2.json", "3.html"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    assert.deepEqual(await run({ json: one }), { kind: "done", asExpected: true });
    assert.deepEqual(await run({ json: two, html: page }), { kind: "done", asExpected: true });
    assert.equal(await readFile(one, "utf8"), await readFile(two, "utf8"));
    assert.match(await readFile(page, "utf8"), /^<!doctype html>/);
    assert.match(said.join(""), /^A04 {2}C {3}D {4}The offer of STARTTLS is cut out$/m);
    assert.deepEqual(await run({ rows: [], list: true }), { kind: "done", asExpected: true });
    for (const unfit of [
      { rows: ["Z9"] },
      { policies: ["P99"] },
      { sender: "sendmail" },
      { rows: ["I01"], policies: ["P9"] },
    ])
      assert.equal((await run(unfit)).kind, "unfit", JSON.stringify(unfit));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
