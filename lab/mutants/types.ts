import type { PolicyId } from "../types.ts";

/** A bug that is put into the sender as its sources are loaded; the lab must notice. */
export interface Mutant {
  readonly id: string;
  /** The bug, in one line. */
  readonly bug: string;
  readonly edits: readonly Edit[];
  /** Where it must show: at least one of these cells changes. */
  readonly kills: readonly Cell[];
}

export interface Edit {
  /** From the root of the sources, e.g. "src/policy/decide.ts". */
  readonly file: string;
  /** Stands there once. */
  readonly from: string;
  readonly to: string;
}

export type Cell = readonly [row: string, policy?: PolicyId];
