import { readFileSync, writeFileSync } from "node:fs";
import { type Alert, POLICIES, type PolicyId, type Position } from "../types.ts";
import type { Facts, FactsFile, Given } from "./facts.ts";

/** Takes the facts out of the catalogue as it was given, and leaves its words there; throws on what it does not know. */
export function importFacts(catalogue: GivenCatalogue): FactsFile {
  return { version: 1, rows: catalogue.rows.map(factsOf) };
}

export interface GivenCatalogue {
  readonly rows: readonly GivenRow[];
}

interface GivenRow {
  readonly id: string;
  readonly position: string;
  readonly alert: string;
  readonly refs: string;
  readonly expect?: Readonly<Record<string, string>>;
}

function factsOf(row: GivenRow): Facts {
  const results = [...new Set(row.alert.match(RESULT_TYPE) ?? [])].sort();
  return {
    id: row.id,
    group: row.id.slice(0, 1),
    positions: [...new Set(row.position.match(POSITION) ?? [])].map((word) => known(word, POSITIONS)),
    alert: alertOf(row.alert),
    ...(results.length === 0 ? {} : { results }),
    refs: [...new Set(row.refs.match(REFERENCE) ?? [])],
    ...(row.expect === undefined ? {} : { expect: verdictsOf(row.expect) }),
  };
}

function verdictsOf(given: Readonly<Record<string, string>>): Partial<Record<PolicyId, Given>> {
  const verdicts: Partial<Record<PolicyId, Given>> = {};
  for (const [policy, code] of Object.entries(given)) verdicts[known(policy, POLICIES)] = known(code, GIVEN);
  return verdicts;
}

function alertOf(text: string): Alert["kind"] {
  if (/\bR\b/.test(text)) return "R";
  return text.startsWith("N") ? "N" : "L";
}

function known<T extends string>(word: string, words: readonly T[]): T {
  const found = words.find((one) => one === word);
  if (found === undefined) throw new Error(`The catalogue has ${word}, which the lab does not know`);
  return found;
}

const POSITIONS = ["PA", "AC", "DN", "RR", "CA", "HP", "RG", "MC", "MS", "OP"] as const satisfies readonly Position[];
const GIVEN = ["S", "U", "C", "I", "D", "B", "X", "C*", "D→C", "C→D"] as const satisfies readonly Given[];
const POSITION = /\b[A-Z]{2}\b/g;
const REFERENCE = /RFC \d+(?: §[\d.]*\d)?|CVE-\d{4}-\d+/g;
const RESULT_TYPE =
  /starttls-not-supported|certificate-(?:host-mismatch|expired|not-trusted)|validation-failure|tlsa-invalid|dnssec-invalid|sts-[a-z-]+[a-z]/g;

if (import.meta.main) {
  const [from] = process.argv.slice(2);
  if (from === undefined) throw new Error("Usage: node lab/catalogue/import.ts catalogue.json");
  const facts = importFacts(JSON.parse(readFileSync(from, "utf8")) as GivenCatalogue);
  writeFileSync(new URL("expectations.json", import.meta.url), `${JSON.stringify(facts, undefined, 2)}\n`);
}
