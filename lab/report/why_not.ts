import { canSign } from "../run/list_signer.ts";
import type { PolicyId } from "../types.ts";

/** Why nobody played a cell, or a claim when there is no column. */
export function whyNotBuilt(row: string, policy?: PolicyId): string {
  if (policy === "P8" || policy === "P9") return "Hopseal is no mail client: nothing here hands in by submission";
  if (row === "F02" && !canSign()) return "The package openpgp is not installed, without which no list can be signed";
  return BY_GROUP.get(row.slice(0, 1)) ?? "No scenario plays it yet";
}

/** The same of a program that is not ours. */
export function whyNotPlayed(row: string, policy?: PolicyId): string {
  if (policy === "P8" || policy === "P9") return whyNotBuilt(row, policy);
  return "Not played against this program: it has no means for the column, the row must move time, or no scenario plays it";
}

const BY_GROUP: ReadonlyMap<string, string> = new Map([
  ["H", "Reports are counted, and not sent or received yet"],
  ["I", "Submission and mail clients do not exist here yet"],
  ["M", "About an organisation rather than a program"],
]);
