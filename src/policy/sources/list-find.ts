import type { Domain } from "../../mail/mod.ts";
import type { ListFacts } from "../types.ts";
import type { ListFile } from "./list-file.ts";

/** A list in force. */
export interface NamedList {
  readonly name: string;
  /** Verifies and reports what the list says, and enforces nothing. */
  readonly audited: boolean;
  readonly list: ListFile;
}

/** What the first of the lists that names the domain says of it; the others are not heard. */
export function findInLists(lists: readonly NamedList[], domain: Domain): ListFacts {
  for (const { name, audited, list } of lists) {
    const entry = list.policies.get(domain);
    if (entry === undefined) continue;
    const { mode, mx } = entry;
    return { kind: "policy", mode, mx, list: name, expires: list.expires, ...(audited ? { audited } : {}) };
  }
  return { kind: "none" };
}
