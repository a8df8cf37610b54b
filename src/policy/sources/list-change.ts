import type { ListEntry, ListFile } from "./list-file.ts";

/** How a new list differs from the one before. */
export interface ListChange {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  /** Domains that are protected less: gone, no longer enforced, or with hosts that were not named before. */
  readonly weaker: readonly string[];
}

export function listChange(before: ListFile, after: ListFile): ListChange {
  const weaker: string[] = [];
  let [added, removed, changed] = [0, 0, 0];
  for (const [domain, was] of before.policies) {
    const is = after.policies.get(domain);
    if (is === undefined) removed += 1;
    else if (!isSame(was, is)) changed += 1;
    if (is === undefined || isWeaker(was, is)) weaker.push(domain);
  }
  for (const domain of after.policies.keys()) if (!before.policies.has(domain)) added += 1;
  return { added, removed, changed, weaker };
}

function isSame(was: ListEntry, is: ListEntry): boolean {
  const names = new Set(was.mx);
  return was.mode === is.mode && was.mx.length === is.mx.length && is.mx.every((name) => names.has(name));
}

function isWeaker(was: ListEntry, is: ListEntry): boolean {
  if (was.mode === "testing") return false;
  const names = new Set(was.mx);
  return is.mode === "testing" || is.mx.some((name) => !names.has(name));
}
