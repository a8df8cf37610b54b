import { readFileSync } from "node:fs";
import { type Corrected, POLICIES, type PolicyId } from "../types.ts";
import { CORRECTIONS } from "./corrections.ts";
import type { Facts, FactsFile, Given } from "./facts.ts";

/** One threat: the facts of the catalogue, our words, and what is expected where the catalogue is wrong. */
export interface CatalogueRow extends Omit<Facts, "expect"> {
  readonly title: string;
  /** What the attacker does, or what went wrong without one. */
  readonly attack: string;
  /** What must hold, in rows without columns. */
  readonly claim?: string;
  /** In the order of the columns; empty in rows with a claim. */
  readonly cells: readonly CatalogueCell[];
}

export interface CatalogueCell {
  readonly policy: PolicyId;
  /** As the catalogue has it. */
  readonly given: Given;
  readonly corrected?: Corrected;
}

/** All rows, in order. */
export function catalogue(): readonly CatalogueRow[] {
  const facts = JSON.parse(readFileSync(new URL("expectations.json", import.meta.url), "utf8")) as FactsFile;
  const words = wording(readFileSync(new URL("wording.tsv", import.meta.url), "utf8"));
  return facts.rows.map(({ expect, ...rest }) => {
    const own = words.get(rest.id);
    if (own === undefined) throw new Error(`wording.tsv says nothing of ${rest.id}`);
    return { ...rest, ...own, cells: cellsOf(rest.id, expect) };
  });
}

function cellsOf(id: string, expect: Facts["expect"]): CatalogueCell[] {
  return POLICIES.flatMap((policy) => {
    const given = expect?.[policy];
    if (given === undefined) return [];
    const corrected = CORRECTIONS.get(id)?.[policy];
    return [{ policy, given, ...(corrected === undefined ? {} : { corrected }) }];
  });
}

interface Wording {
  readonly title: string;
  readonly attack: string;
  readonly claim?: string;
}

function wording(text: string): ReadonlyMap<string, Wording> {
  const [, ...lines] = text.trimEnd().split("\n");
  return new Map(
    lines.map((line) => {
      const [id = "", title = "", attack = "", claim = ""] = line.split("\t");
      return [id, { title, attack, ...(claim === "" ? {} : { claim }) }];
    }),
  );
}
