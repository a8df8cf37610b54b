import { ALERTS, type CatalogueRow } from "../catalogue/mod.ts";
import type { ExpectedAlert } from "../oracle/alert.ts";
import type { PolicyId, Scenario, Variant, Verdict } from "../types.ts";

/** What must come of a cell, and who says so where it is not the catalogue. */
export interface Expected {
  readonly verdict: Verdict;
  readonly corrected?: string;
  /** Absent where nothing is said of who is told. */
  readonly alert?: ExpectedAlert;
}

/** The variant's word counts before the row's, and that before the catalogue's; undefined where nothing is expected. */
export function expectedOf(
  { scenario, variant, policy }: { readonly scenario: Scenario; readonly variant: Variant; readonly policy: PolicyId },
  row: CatalogueRow | undefined,
): Expected | undefined {
  const cell = row?.cells.find((one) => one.policy === policy);
  const corrected = variant.expect?.[policy] ?? scenario.expect?.[policy] ?? cell?.corrected;
  const alert = row && expectedAlert(row, { policy, variant: variant.id });
  const told = alert === undefined ? {} : { alert };
  if (corrected !== undefined) return { verdict: corrected.verdict, corrected: corrected.because, ...told };
  // A sender that remembers TLS is no column of the lab.
  return cell === undefined || cell.given === "C→D" ? undefined : { verdict: cell.given, ...told };
}

/** The rule of the row counts before the catalogue; undefined where neither names the result. */
function expectedAlert(
  { id, alert, results }: CatalogueRow,
  { policy, variant }: { readonly policy: PolicyId; readonly variant: string },
): ExpectedAlert | undefined {
  // Plain SMTP knows of no reports.
  if (policy === "P0") return { results: [], local: false };
  const rule = ALERTS.get(id)?.find(
    ({ columns, variants }) => columns?.includes(policy) !== false && variants?.test(variant) !== false,
  );
  if (rule !== undefined) return { results: rule.results, local: rule.quiet !== true };
  if (alert === "R") return results && { results, local: true };
  return { results: [], local: alert === "L" };
}
