import type { CellResult, LabResult, PolicyId, Verdict } from "../types.ts";

/** A small result for tests of reports: one row as expected, one that differs, hostile words, a claim of each kind. */
export const HOSTILE = `</script><img src=x onerror=alert(1)> "quoted" 'too' & \u001b[31mred\u0007`;

export const RESULT: LabResult = {
  version: 1,
  seed: 7,
  cells: [
    cell("A04", "P0", "C", "C"),
    cell("A04", "P1", "C", "C"),
    cell("A04", "P2", "D", "D"),
    { ...cell("A06", "P1", "C", "C"), variant: "421" },
    { ...cell("A06", "P1", "D", "C"), variant: "454", reason: HOSTILE },
    { ...cell("G07", "P6", "C", "C"), corrected: "RFC 8689 §4.2.2: it does not fail" },
  ],
  claims: [
    { row: "A17", claim: "None of them runs", held: true, seen: "0 commands ran" },
    { row: "A18", claim: "501 or 503", held: false, seen: HOSTILE },
  ],
};

function cell(row: string, policy: PolicyId, verdict: Verdict, expected: Verdict): CellResult {
  return {
    row,
    policy,
    variant: "",
    verdict,
    expected,
    alert: { kind: "N" },
    reason: `because of ${policy}`,
    evidence: [{ recorder: "wire.clear", times: verdict === "C" ? 1 : 0 }],
  };
}
