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

/** A fetch failed. RFC 8461 §3.3: a policy that asks for nothing is not missed, and neither is one that was never had. */
export function newsOfFailure(
  domain: Domain,
  before: (StsPolicy & { readonly expires: Instant }) | undefined,
  { trouble, count }: { readonly trouble: StsTrouble; readonly count: number },
): readonly StsNews[] {
  if (before === undefined || before.mode === "none") return [];
  return [{ kind: "refresh-failed", domain, trouble, count, expires: before.expires }];
}

/** Compares the live policy with a new one; a first policy is no news. */
export function newsOfPolicy(domain: Domain, before: StsPolicy | undefined, after: StsPolicy): readonly StsNews[] {
  if (before === undefined) return [];
  const says = `mode ${before.mode} becomes ${after.mode}`;
  if (STRENGTH[after.mode] < STRENGTH[before.mode]) return [{ kind: "weakened", domain, says }];
  if (after.mode !== before.mode) return [{ kind: "changed", domain, says }];
  const added = after.mx.filter((pattern) => !before.mx.includes(pattern));
  if (after.mode === "enforce" && added.length > 0) {
    return [{ kind: "weakened", domain, says: `${added.join(", ")} may take its mail too` }];
  }
  const removed = before.mx.some((pattern) => !after.mx.includes(pattern));
  return added.length > 0 || removed ? [{ kind: "changed", domain, says: "its MX names change" }] : [];
}

const STRENGTH = { none: 0, testing: 1, enforce: 2 } as const;
