import type { Corrected, Expectations, PolicyId } from "../types.ts";

/** Where the catalogue expects what no sender may do, or what this column does not have; by row. */
export const CORRECTIONS: ReadonlyMap<string, Expectations> = new Map([
  [
    "F07",
    all(["P1"], {
      verdict: "C",
      because: "RFC 7435 §3: opportunistic TLS without a memory has nothing to hold against an attacker on the path",
    }),
  ],
  [
    "G07",
    all(["P4", "P5f", "P5c", "P6"], {
      verdict: "C",
      because:
        "RFC 8689 §4.2.2: a message with TLS-Required: No does not fail for want of TLS, whoever wrote the field (§4.1)",
    }),
  ],
]);

function all(policies: readonly PolicyId[], corrected: Corrected): Expectations {
  return Object.fromEntries(policies.map((policy) => [policy, corrected]));
}
