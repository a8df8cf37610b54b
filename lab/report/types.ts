import type { Alert, CellResult, ClaimResult, PolicyId, Verdict } from "../types.ts";

/** The sender that was attacked. */
export interface Sender {
  readonly name: "hopseal" | "postfix" | "exim";
  readonly version: string;
  /** How it was set up, where it is not ours; one line. */
  readonly configuration?: string;
}

/** Everything that a report says, in the order in which it is said. */
export interface Report {
  readonly sender: Sender;
  readonly seed: number;
  readonly policies: readonly PolicyId[];
  readonly rows: readonly ReportRow[];
  /** As they were played, sorted by row, column and variant. */
  readonly cells: readonly CellResult[];
  readonly claims: readonly (ClaimResult & { readonly title: string })[];
  readonly notBuilt: readonly NotBuilt[];
  readonly summary: Summary;
}

/** One row of the matrix. */
export interface ReportRow {
  readonly id: string;
  readonly title: string;
  /** What the attacker does. */
  readonly attack: string;
  /** In the order of `Report.policies`. */
  readonly cells: readonly ReportCell[];
}

export type ReportCell =
  /** The catalogue expects nothing here. */
  | { readonly kind: "none"; readonly policy: PolicyId }
  | { readonly kind: "not-built"; readonly policy: PolicyId; readonly expected: string }
  | PlayedCell;

/** The worst of a cell's variants: one that differs before one that does not, then the worse outcome. */
export interface PlayedCell {
  readonly kind: "played";
  readonly policy: PolicyId;
  readonly verdict: Verdict;
  readonly expected: Verdict;
  readonly asExpected: boolean;
  /** Of the expectation, where it is not the catalogue's. */
  readonly corrected?: string;
  readonly alert: Alert;
  readonly reason: string;
  /** "" where there is but one. */
  readonly variant: string;
  readonly variants: number;
}

/** Something that the catalogue asks for and nobody played; it is never counted as passed. */
export interface NotBuilt {
  /** "A04 P9", or "H01" for a claim. */
  readonly id: string;
  readonly why: string;
}

/** Cells of the matrix, not variants. */
export interface Summary {
  readonly cells: { readonly passed: number; readonly differed: number; readonly notBuilt: number };
  readonly claims: { readonly held: number; readonly failed: number; readonly notBuilt: number };
  /** Every difference: "A04 P6" or "A17". */
  readonly differed: readonly string[];
}
