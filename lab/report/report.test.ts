import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { HOSTILE, RESULT } from "./fixture.ts";
import { encode, markup } from "./markup.ts";
import { buildReport, reportHtml, reportJson, reportSvg, reportText } from "./mod.ts";
import { wrap } from "./wrap.ts";

const SENDER = { name: "hopseal", version: "Hopseal 0.1.0" } as const;
const whole = buildReport(RESULT, { sender: SENDER });
const some = buildReport(RESULT, { sender: SENDER, rows: ["A04", "A06"], policies: ["P0", "P1", "P2"] });

test("buildReport: cells are counted and not variants, the worst variant stands for its cell, nothing unplayed has passed", () => {
  assert.deepEqual(some.summary, {
    cells: { passed: 3, differed: 1, notBuilt: 2 },
    claims: { held: 1, failed: 1, notBuilt: 0 },
    differed: ["A06 P1", "A18"],
  });
  const cell = some.rows[1]?.cells[1];
  assert.deepEqual(cell, {
    kind: "played",
    policy: "P1",
    verdict: "D",
    expected: "C",
    asExpected: false,
    alert: { kind: "N" },
    reason: HOSTILE,
    variant: "454",
    variants: 2,
  });
  assert.deepEqual(
    some.notBuilt.map(({ id }) => id),
    ["A06 P0", "A06 P2"],
  );
});

test("buildReport: all 641 expectations of the catalogue are played or named as not built", () => {
  const { cells, claims } = whole.summary;
  assert.equal(cells.passed + cells.differed + cells.notBuilt, 565);
  assert.equal(claims.held + claims.failed + claims.notBuilt, 76);
  assert.equal(whole.notBuilt.length, cells.notBuilt + claims.notBuilt);
  assert.ok(whole.notBuilt.some(({ id, why }) => id === "A04 P9" && why.includes("no mail client")));
});

test("reportText: fits, says every reason once, and ends with what passed, differed and was not built", () => {
  for (const width of [100, 160]) {
    const text = reportText(some, { width, colour: false });
    assert.deepEqual(
      text.split("\n").filter((line) => line.length > width),
      [],
    );
    assert.match(text, /^A04 {2}C {3}C {3}D {4}The offer of STARTTLS is cut out$/m);
    assert.match(text, /^A06 {2}- {3}D≠C - {4}STARTTLS is refused$/m);
    assert.match(text, /^ {4}P2 {2}D {2}because of P2$/m);
    assert.match(text, /^Passed: 3 of 4 cells, 1 of 2 claims$/m);
    assert.match(text, /^Differed: 2: A06 P1, A18$/m);
    assert.match(text, /^Not built: 2 cells, 0 claims$/m);
    assert.ok(!text.includes("\u001b") && !text.includes("\u0007"), "a terminal obeys nothing of it");
  }
});

test("reportText: colours add nothing that is not there without them", () => {
  const plain = reportText(whole, { width: 120, colour: false });
  const painted = reportText(whole, { width: 120, colour: true });
  assert.notEqual(painted, plain);
  assert.equal(stripVTControlCharacters(painted), plain);
});

test("reportJson: the same octets for the same result, version 1, and what was hostile is a string", () => {
  const text = reportJson(whole);
  assert.equal(reportJson(buildReport(structuredClone(RESULT), { sender: { ...SENDER } })), text);
  const read = JSON.parse(text) as { version: number; cells: unknown; claims: { seen: string }[] };
  assert.equal(read.version, 1);
  assert.deepEqual(read.cells, RESULT.cells);
  assert.equal(read.claims[1]?.seen, HOSTILE);
  assert.deepEqual(Object.keys(read), [
    "version",
    "sender",
    "seed",
    "policies",
    "summary",
    "cells",
    "claims",
    "notBuilt",
  ]);
});

test("reportHtml: one file that loads nothing, in which hostile words are words", () => {
  const html = reportHtml(whole);
  assert.ok(!html.includes("<img") && !html.includes("</script>"));
  assert.doesNotMatch(
    html.replaceAll(encode(HOSTILE), ""),
    /\b(?:src|srcset|action)=|@import|url\(|<script|<link|<iframe|javascript:/i,
  );
  assert.deepEqual(
    [...html.matchAll(/href="([^"]*)"/g)].filter(([, to]) => to?.startsWith("#") !== true),
    [],
  );
  assert.match(html, /<html lang="en">/);
  assert.match(html, /<td class="differs" title="&lt;\/script&gt;&lt;img src=x[^"]*">D≠C<\/td>/);
  const ids = [...html.matchAll(/\bid="([^"]*)"/g)].map(([, id = ""]) => id);
  assert.equal(new Set(ids).size, ids.length, "every id once");
  for (const [, to = ""] of html.matchAll(/href="#([^"]*)"/g)) assert.ok(ids.includes(to), to);
  for (const [, by = ""] of html.matchAll(/aria-labelledby="([^"]*)"/g)) assert.ok(ids.includes(by), by);
});

test("reportSvg: a letter in every coloured cell, and the same octets for the same report", () => {
  const svg = reportSvg(whole);
  assert.equal(reportSvg(whole), svg);
  const boxes = svg.split("<rect").length - 2;
  const letters = svg.split('class="c').length - 1;
  assert.equal(boxes, letters);
  assert.equal(boxes, 565);
  assert.ok(!svg.includes("<img") && svg.startsWith("<svg "));
});

test("markup: encodes every value once, and markup not again", () => {
  const inner = markup`<b>${"<&>"}</b>`;
  assert.equal(
    markup`<p title="${`"'`}">${inner}${[inner, inner]}${3}</p>`.markup,
    `<p title="&quot;&#39;"><b>&lt;&amp;&gt;</b><b>&lt;&amp;&gt;</b><b>&lt;&amp;&gt;</b>3</p>`,
  );
  assert.equal(encode("a\u0000b\u001bc\td"), "a\u{fffd}b\u{fffd}c\td");
});

test("wrap: breaks between words, keeps long ones, loses none", () => {
  assert.deepEqual(wrap("one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrap("extraordinary", 4), ["extraordinary"]);
  assert.deepEqual(wrap("  in a line", 6), ["  in a", "line"]);
  assert.deepEqual(wrap("", 4), [""]);
});
