import { err, ok, type Result } from "../../src/base/mod.ts";
import { ATTACKERS, type CatalogueRow, catalogue } from "../catalogue/mod.ts";
import { POLICIES, type PolicyId } from "../types.ts";

/** The rows that were asked for: "A04", or a group "A"; an error names what the catalogue does not have. */
export function chosenRows(asked: readonly string[]): Result<readonly string[] | undefined, string> {
  if (asked.length === 0) return ok(undefined);
  const ids = catalogue().map(({ id }) => id);
  const rows = new Set<string>();
  for (const word of asked) {
    const wanted = word.toUpperCase();
    const found = ids.filter((id) => id === wanted || id.slice(0, 1) === wanted);
    if (found.length === 0) return err(`There is no row ${JSON.stringify(word)}; "hopseal lab --list" shows all`);
    for (const id of found) rows.add(id);
  }
  return ok([...rows].sort());
}

export function chosenPolicies(asked: readonly string[]): Result<readonly PolicyId[] | undefined, string> {
  if (asked.length === 0) return ok(undefined);
  const known = asked.map((word) => POLICIES.find((policy) => policy.toLowerCase() === word.toLowerCase()));
  const unknown = asked.find((_, at) => known[at] === undefined);
  if (unknown !== undefined) {
    return err(`There is no column ${JSON.stringify(unknown)}; they are ${POLICIES.join(", ")}`);
  }
  return ok(POLICIES.filter((policy) => known.includes(policy)));
}

/** The catalogue in lines, for `--list`; `played` are the rows that the lab has. */
export function listing(rows: readonly CatalogueRow[], played: ReadonlySet<string>): readonly string[] {
  return rows.map(({ id, title, attack, positions, cells, claim }) => {
    const who = positions.map((position) => ATTACKERS[position]).join("; or ");
    const about = cells.length > 0 ? cells.map(({ policy }) => policy).join(" ") : `claim: ${claim ?? ""}`;
    return `${id} ${played.has(id) ? " " : "-"} ${title}\n        ${attack}${who === "" ? "" : ` (who: ${who})`}\n        ${about}`;
  });
}
