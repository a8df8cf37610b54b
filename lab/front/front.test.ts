import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogue } from "../catalogue/mod.ts";
import { chosenPolicies, chosenRows, listing } from "./choose.ts";
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
