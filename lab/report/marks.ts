import { unreachable } from "../../src/base/mod.ts";
import type { Verdict } from "../types.ts";
import type { PlayedCell, ReportCell } from "./types.ts";

/** A cell in a few characters: "C", or "C≠D" where D was expected, "D!" where the wrong ones are told; "-" is not built, "·" not applicable. */
export function markOf(cell: ReportCell): string {
  switch (cell.kind) {
    case "none":
      return "·";
    case "not-built":
      return "-";
    case "played":
      return playedMark(cell);
    default:
      return unreachable(cell);
  }
}

function playedMark({ verdict, expected, asExpected, corrected }: PlayedCell): string {
  if (!asExpected && verdict === expected) return `${verdict}!`;
  return asExpected ? `${verdict}${corrected === undefined ? "" : "°"}` : `${verdict}≠${expected}`;
}

/** In the order of the legend. */
export const MEANINGS: Readonly<Record<Verdict, string>> = {
  S: "safe: delivered to the true host, which proved itself",
  U: "delivered over TLS to the true host, which proved nothing",
  C: "delivered in clear, for everybody on the path to read",
  "C*": "in clear by the ordinary fallback; what was slipped in had no effect",
  I: "intercepted: read inside the attacker's TLS, or delivered to his host",
  D: "deferred: kept in the queue, nothing given away",
  "D→C": "deferred while the policy lived, then in clear",
  B: "bounced: returned to its sender, nothing given away",
  X: "nothing was sent, and the user was told",
  LOST: "lost: neither queued, delivered nor returned",
  DUP: "delivered twice",
  ERROR: "the lab itself failed, or its two searches disagree",
};
