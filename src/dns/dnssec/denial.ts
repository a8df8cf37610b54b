import type { Name } from "../wire/name.ts";
import type { TypeBitmap } from "../wire/rdata-dnssec.ts";
import { TYPE } from "../wire/types.ts";

/**
 * What denial records prove. `insecure`: only that nothing signed is there (opt-out, or hashing beyond the limit);
 * `refused`: checking would cost too much.
 */
export type Denial =
  | { readonly kind: "secure" }
  | { readonly kind: "insecure"; readonly detail: string }
  | { readonly kind: "refused"; readonly detail: string }
  | { readonly kind: "not-proved" };

/** What denial records say about a zone cut: an unsigned child, no cut at all, or nothing. */
export type DsDenial = "insecure-cut" | "no-cut" | "not-proved" | { readonly refused: string };

/** Whether the type bit map of the name itself denies the type. */
// RFC 4035 §5.4, RFC 6840 §4.1, §4.3, §4.4
export function deniesType(types: TypeBitmap, type: number, owner: Name): boolean {
  if (types.has(type) || types.has(TYPE.CNAME)) return false;
  if (type === TYPE.ANY) return false;
  // DS lies above the cut, everything else below it.
  if (type === TYPE.DS) return !types.has(TYPE.SOA) || owner.labels.length === 0;
  return !isDelegation(types);
}

/** NS without SOA: the record is from above the cut and knows nothing of what lies below. */
export function isDelegation(types: TypeBitmap): boolean {
  return types.has(TYPE.NS) && !types.has(TYPE.SOA);
}

export const NOT_PROVED: Denial = { kind: "not-proved" };
