import type { Alert, PolicyId, Position, Verdict } from "../types.ts";

/** The facts of one row: what is expected in which column, who is told, and where it is written. */
export interface Facts {
  readonly id: string;
  /** Of the first letter of the identifiers, "A" to "M". */
  readonly group: string;
  readonly positions: readonly Position[];
  readonly alert: Alert["kind"];
  /** Result types of RFC 8460 §4.3 that the row names. */
  readonly results?: readonly string[];
  readonly refs: readonly string[];
  /** Absent for rows that claim something in words. */
  readonly expect?: Readonly<Partial<Record<PolicyId, Given>>>;
}

/** expectations.json. */
export interface FactsFile {
  readonly version: 1;
  readonly rows: readonly Facts[];
}

/** What the catalogue says of one column; "C→D" is a sender that remembers TLS where there was TLS once. */
export type Given = Verdict | "C→D";
