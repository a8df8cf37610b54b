import type { Report } from "./types.ts";

/**
 * The report as JSON, version 1 of docs/lab.md: the same seed and the same program give the same octets. What is listed by
 * row in the matrix is left to the reader of `cells`.
 */
export function reportJson(report: Report): string {
  const { sender, seed, policies, summary, cells, claims, notBuilt } = report;
  const document = {
    version: 1,
    sender,
    seed,
    policies,
    summary,
    cells: cells.map(({ row, policy, variant, verdict, expected, corrected, alert, wrongAlert, reason, evidence }) => ({
      row,
      policy,
      variant,
      verdict,
      expected,
      ...(corrected === undefined ? {} : { corrected }),
      alert,
      ...(wrongAlert === undefined ? {} : { wrongAlert }),
      reason,
      evidence,
    })),
    claims: claims.map(({ row, claim, held, seen }) => ({ row, claim, held, seen })),
    notBuilt,
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** What `reportJson` wrote, as far as a report can be built from it again. */
export interface ReportFile extends Pick<Report, "sender" | "seed" | "policies" | "cells" | "notBuilt" | "summary"> {
  readonly version: 1;
  readonly claims: readonly Omit<Report["claims"][number], "title">[];
}
