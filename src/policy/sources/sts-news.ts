import type { Instant, Millis } from "../../base/mod.ts";
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
  const added = missingIn(before.mx, after.mx);
  if (after.mode === "enforce" && added.length > 0) {
    const shown = added.slice(0, MOST_NAMES).join(", ");
    const more = added.length > MOST_NAMES ? ` and ${added.length - MOST_NAMES} more` : "";
    return [{ kind: "weakened", domain, says: `${shown}${more} may take its mail too` }];
  }
  // A thief of the policy host need not say "none": what ends at once protects as little.
  if (after.mode === "enforce" && after.maxAge < Math.min(before.maxAge, SHORT)) {
    return [
      {
        kind: "weakened",
        domain,
        says: `it holds for ${after.maxAge / 1000} s, and not for ${before.maxAge / 1000} s`,
      },
    ];
  }
  const removed = missingIn(after.mx, before.mx).length > 0;
  return added.length > 0 || removed ? [{ kind: "changed", domain, says: "its MX names change" }] : [];
}

/** Those of `names` that are not in `among`; a stranger chose how many there are. */
function missingIn(among: readonly string[], names: readonly string[]): readonly string[] {
  const known = new Set(among);
  return names.filter((name) => !known.has(name));
}

/** How much of a stranger's list is quoted. */
const MOST_NAMES = 5;
/** A day: sooner than that nobody renews. */
const SHORT: Millis = 86_400_000;
const STRENGTH = { none: 0, testing: 1, enforce: 2 } as const;
