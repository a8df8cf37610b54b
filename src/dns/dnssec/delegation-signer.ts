import type { Bytes, Instant } from "../../base/mod.ts";
import { concat, equalBytes } from "../../base/mod.ts";
import type { Name } from "../wire/name.ts";
import { absoluteText, canonicalWire } from "../wire/name.ts";
import type { Ds } from "../wire/rdata-dnssec.ts";
import type { AlgorithmPolicy } from "./algorithms.ts";
import type { ZoneKey } from "./keys.ts";
import { zoneKeys } from "./keys.ts";
import type { Budget } from "./limits.ts";
import { spend } from "./limits.ts";
import type { RecordSet } from "./rrset.ts";
import type { SetVerdict } from "./signature.ts";
import { checkSet } from "./signature.ts";

/** What vouches for the keys of a zone: DS records from the parent or an anchor, or whole keys from an anchor. */
export interface Voucher {
  readonly zone: Name;
  readonly ds: readonly Ds[];
  /** Rdata of DNSKEY records that are trusted as they are. */
  readonly keys?: readonly Bytes[];
}

export type KeysVerdict =
  | { readonly kind: "secure"; readonly keys: readonly ZoneKey[]; readonly expires: Instant; readonly detail: string }
  | { readonly kind: "bogus"; readonly detail: string };

export interface KeysContext {
  readonly policy: AlgorithmPolicy;
  readonly now: Instant;
  readonly budget: Budget;
}

/** The DS records that can be used; none means that the zone counts as unsigned. */
// RFC 4035 §5.2, RFC 4509 §3
export function usableDs(ds: readonly Ds[], policy: AlgorithmPolicy): readonly Ds[] {
  const supported = ds.filter(
    (one) => policy.signature(one.algorithm) !== undefined && policy.digest(one.digestType) !== undefined,
  );
  const stronger = supported.filter((one) => one.digestType !== DIGEST_SHA1);
  return stronger.length > 0 ? stronger : supported;
}

/** Whether the DNSKEY set of a zone is signed by a key that the voucher names. */
// RFC 4035 §5.2
export function checkKeys(set: RecordSet, voucher: Voucher, context: KeysContext): KeysVerdict {
  const { policy, budget } = context;
  const keys = zoneKeys(set, policy);
  const ds = Map.groupBy(usableDs(voucher.ds, policy), (one) => one.keyTag);
  const trusted = keys.filter((key) => {
    if (voucher.keys?.some((rdata) => equalBytes(rdata, key.rdata)) === true) return true;
    return ds.get(key.tag)?.some((one) => spend(budget, "digests") && matchesDs(key, one, policy)) === true;
  });
  const zone = absoluteText(voucher.zone);
  if (trusted.length === 0) return { kind: "bogus", detail: `no key of ${zone} matches ${voucherText(voucher)}` };
  const verdict: SetVerdict = checkSet(set, { zone: voucher.zone, keys: trusted, now: context.now, budget });
  if (verdict.kind === "bogus") return verdict;
  if (verdict.wildcard !== undefined) return { kind: "bogus", detail: `the keys of ${zone} come from a wildcard` };
  return { kind: "secure", keys, expires: verdict.expires, detail: verdict.detail };
}

/** Whether a DS record was made from this key. */
// RFC 4034 §5.1
export function matchesDs(key: ZoneKey, ds: Ds, policy: AlgorithmPolicy): boolean {
  if (ds.keyTag !== key.tag || ds.algorithm !== key.dnskey.algorithm) return false;
  const digest = policy.digest(ds.digestType);
  return digest !== undefined && equalBytes(digest(digestInput(key)), ds.digest);
}

// RFC 4034 §5.1.4
function digestInput(key: ZoneKey): Bytes {
  return concat([canonicalWire(key.zone), key.rdata]);
}

function voucherText({ ds, keys = [] }: Voucher): string {
  const tags = ds.slice(0, 4).map((one) => one.keyTag);
  if (ds.length === 0) return `the ${keys.length} trusted keys`;
  return `the DS records (key ${tags.join(", ")}${ds.length > tags.length ? ", and more" : ""})`;
}

const DIGEST_SHA1 = 1;
