import type { Alert } from "../types.ts";

/** What is known of who was told. */
export interface Told {
  /** Result types in the tally of the day. */
  readonly failures: readonly string[];
  readonly says: { readonly state: string };
  /** Everything that the sender logged about the domain. */
  readonly log: readonly string[];
}

/** Who must be told of a cell. */
export interface ExpectedAlert {
  /** Result types in the report, sorted. */
  readonly results: readonly string[];
  /** The log must say it, too. */
  readonly local: boolean;
}

/** Who learns of what happened: the victim by its TLS report, the operator by the log, or nobody. */
export function alertOf({ failures, says, log }: Told, words: string): Alert {
  const reason = words === "" ? {} : { reason: words };
  if (failures.length > 0) return { kind: "R", results: failures, ...reason };
  const loud = says.state !== "delivered" || log.some((line) => LOUD.test(line));
  return loud ? { kind: "L", ...reason } : { kind: "N" };
}

/** What is wrong with who was told: a failure that is not in the report, one that does not belong there, or silence. */
export function wrongAlert({ kind, results = [] }: Alert, expected: ExpectedAlert): string | undefined {
  const [seen, wanted] = [results, expected.results].map((all) => all.join(", "));
  if (seen !== wanted)
    return `the report has ${seen === "" ? "nothing" : seen} instead of ${wanted === "" ? "nothing" : wanted}`;
  return kind === "N" && expected.local ? "nobody is told" : undefined;
}

/** An attempt is loud when what was published could not protect it. */
const LOUD = /^hopseal:(?:policy|limited|fault) |^hopseal:attempt .*which leaves TLS without authentication/;
