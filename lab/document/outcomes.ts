import type { PolicyId, Verdict } from "../types.ts";
import { isLoss, type Report } from "../report/mod.ts";

/** outcomes.json: what the document says of the lab, taken from its JSON. */
export interface Outcomes {
  readonly version: 1;
  /** By row and column; the worst of a cell's variants. */
  readonly cells: Readonly<Record<string, Readonly<Partial<Record<PolicyId, Outcome>>>>>;
  /** By row: whether the claim held. */
  readonly claims: Readonly<Record<string, boolean>>;
  /** By row, with columns where it has them. */
  readonly notBuilt: readonly string[];
}

export interface Outcome {
  readonly verdict: Verdict;
  /** Where it is not the verdict. */
  readonly expected?: Verdict;
  /** The section that says why the catalogue is wrong. */
  readonly corrected?: string;
}

/** The cells of enforcing columns in which the message was given away. */
export function lossesOf({
  cells,
}: Outcomes): readonly { readonly row: string; readonly policy: PolicyId; readonly verdict: Verdict }[] {
  return Object.entries(cells).flatMap(([row, columns]) =>
    Object.entries(columns).flatMap(([policy, { verdict }]) =>
      isLoss(policy as PolicyId, verdict) ? [{ row, policy: policy as PolicyId, verdict }] : [],
    ),
  );
}

/** Taken from what `hopseal lab --json` wrote. */
export function outcomesOf({ rows, claims, notBuilt }: Pick<Report, "rows" | "claims" | "notBuilt">): Outcomes {
  const cells: Record<string, Partial<Record<PolicyId, Outcome>>> = {};
  for (const row of rows) {
    const played = row.cells.filter((cell) => cell.kind === "played");
    if (played.length === 0) continue;
    cells[row.id] = Object.fromEntries(
      played.map(({ policy, verdict, expected, asExpected, corrected }) => [
        policy,
        { verdict, ...(asExpected ? {} : { expected }), ...(corrected === undefined ? {} : { corrected }) },
      ]),
    );
  }
  return {
    version: 1,
    cells,
    claims: Object.fromEntries(claims.map(({ row, held }) => [row, held])),
    notBuilt: notBuilt.map(({ id }) => id),
  };
}
