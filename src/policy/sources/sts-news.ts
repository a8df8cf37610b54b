import type { Instant } from "../../base/mod.ts";
import type { Domain } from "../../mail/mod.ts";
import type { StsTrouble } from "../types.ts";
import type { StsPolicy } from "./sts-policy.ts";

/** What a postmaster should hear of the stored policy of a domain. */
export type StsNews =
  | { readonly kind: "changed"; readonly domain: Domain; readonly says: string }
  /** The domain asks for less than before, as its owner may and as a thief of its policy host would (RFC 8461 §10.3). */
  | { readonly kind: "weakened"; readonly domain: Domain; readonly says: string }
  /** The stored policy could not be renewed and ends at `expires`. */
  | {
      readonly kind: "refresh-failed";
      readonly domain: Domain;
      readonly trouble: StsTrouble;
      /** In a row. */
      readonly count: number;
      readonly expires: Instant;
    };

export interface StsChange {
  readonly before: (StsPolicy & { readonly expires: Instant }) | undefined;
  readonly after?: StsPolicy;
  readonly failure?: { readonly trouble: StsTrouble; readonly count: number };
}

/** Compares the live policy with what a fetch brought; a first policy is no news. */
export function newsOf(domain: Domain, { before, after, failure }: StsChange): readonly StsNews[] {
  if (before === undefined) return [];
  const { expires, mode } = before;
  // RFC 8461 §3.3: a policy that asks for nothing is not missed.
  if (failure !== undefined) {
    const { trouble, count } = failure;
    return mode === "none" ? [] : [{ kind: "refresh-failed", domain, trouble, count, expires }];
  }
  return after === undefined ? [] : compared(domain, before, after);
}

function compared(domain: Domain, before: StsPolicy, after: StsPolicy): readonly StsNews[] {
  const says = `mode ${before.mode} becomes ${after.mode}`;
  if (STRENGTH[after.mode] < STRENGTH[before.mode]) return [{ kind: "weakened", domain, says }];
  const added = after.mx.filter((pattern) => !before.mx.includes(pattern));
  if (after.mode === "enforce" && before.mode === "enforce" && added.length > 0) {
    return [{ kind: "weakened", domain, says: `${added.join(", ")} may take its mail too` }];
  }
  const removed = before.mx.some((pattern) => !after.mx.includes(pattern));
  if (after.mode === before.mode && added.length === 0 && !removed) return [];
  return [{ kind: "changed", domain, says: after.mode === before.mode ? "its MX names change" : says }];
}

const STRENGTH = { none: 0, testing: 1, enforce: 2 } as const;
