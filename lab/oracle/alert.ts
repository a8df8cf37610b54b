import type { Alert } from "../types.ts";

/** What is known of who was told. */
export interface Told {
  /** Result types in the tally of the day. */
  readonly failures: readonly string[];
  readonly says: { readonly state: string };
  /** Everything that the sender logged about the domain. */
  readonly log: readonly string[];
}

/** Who learns of what happened: the victim by its TLS report, the operator by the log, or nobody. */
export function alertOf({ failures, says, log }: Told, words: string): Alert {
  const reason = words === "" ? {} : { reason: words };
  if (failures.length > 0) return { kind: "R", results: failures, ...reason };
  const loud = says.state !== "delivered" || log.some((line) => LOUD.test(line));
  return loud ? { kind: "L", ...reason } : { kind: "N" };
}

const LOUD = /^hopseal:(?:policy|limited|fault) /;
