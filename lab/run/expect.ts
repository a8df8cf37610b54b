import type { CatalogueRow } from "../catalogue/mod.ts";
import type { PolicyId, Scenario, Variant, Verdict } from "../types.ts";

/** What must come of a cell, and who says so where it is not the catalogue. */
export interface Expected {
  readonly verdict: Verdict;
  readonly corrected?: string;
}

/** The variant's word counts before the row's, and that before the catalogue's; undefined where nothing is expected. */
export function expectedOf(
  { scenario, variant, policy }: { readonly scenario: Scenario; readonly variant: Variant; readonly policy: PolicyId },
  row: CatalogueRow | undefined,
): Expected | undefined {
  const cell = row?.cells.find((one) => one.policy === policy);
  const corrected = variant.expect?.[policy] ?? scenario.expect?.[policy] ?? cell?.corrected;
  if (corrected !== undefined) return { verdict: corrected.verdict, corrected: corrected.because };
  // A sender that remembers TLS is no column of the lab.
  return cell === undefined || cell.given === "C→D" ? undefined : { verdict: cell.given };
}
