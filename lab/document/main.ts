import { readFileSync, writeFileSync } from "node:fs";
import { buildReport, type ReportFile, reportSvg } from "../report/mod.ts";
import { blocksOf } from "./blocks.ts";
import { fill } from "./fill.ts";
import { outcomesOf } from "./outcomes.ts";

/** Writes what the lab found into docs/threat-model.md and its picture: `node lab/document/main.ts REPORT.json`. */
export const PLACES: Readonly<Record<"document" | "picture" | "outcomes", URL>> = {
  document: new URL("../../docs/threat-model.md", import.meta.url),
  picture: new URL("../../docs/threat-model.svg", import.meta.url),
  outcomes: new URL("outcomes.json", import.meta.url),
};

if (import.meta.main) {
  const [from] = process.argv.slice(2);
  if (from === undefined) throw new Error("Usage: node lab/document/main.ts REPORT.json");
  const file = JSON.parse(readFileSync(from, "utf8")) as ReportFile;
  const report = buildReport(file, { sender: { name: "hopseal", version: "Hopseal" } });
  const outcomes = outcomesOf(report);
  const filled = fill(readFileSync(PLACES.document, "utf8"), blocksOf(outcomes));
  if (!filled.ok) throw new Error(filled.error);
  writeFileSync(PLACES.outcomes, `${JSON.stringify(outcomes, undefined, 2)}\n`);
  writeFileSync(PLACES.document, filled.value);
  writeFileSync(PLACES.picture, reportSvg(report));
}
