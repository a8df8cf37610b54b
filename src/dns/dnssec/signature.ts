import type { Instant } from "../../base/mod.ts";
import { isWithin, lastLabels, sameName } from "../wire/hierarchy.ts";
import type { Name } from "../wire/name.ts";
import { absoluteText } from "../wire/name.ts";
import type { Rrsig } from "../wire/rdata-dnssec.ts";
import { canonicalRdatas, ownerLabels, signedData } from "./canonical.ts";
import type { ZoneKey } from "./keys.ts";
import type { Budget } from "./limits.ts";
import { spend } from "./limits.ts";
import type { RecordSet } from "./rrset.ts";
import { subjectOf } from "./rrset.ts";

export type SetVerdict =
  | {
      readonly kind: "valid";
      /** The end of the least of TTL, original TTL and signature life. */
      readonly expires: Instant;
      /** Set when the records come from `*` below this name; then a closer match must be disproved. */
      readonly wildcard?: Name;
      readonly detail: string;
    }
  | { readonly kind: "bogus"; readonly detail: string };

export interface SetContext {
  readonly zone: Name;
  readonly keys: readonly ZoneKey[];
  readonly now: Instant;
  readonly budget: Budget;
}

/** Whether one signature by one of the zone's keys covers the set now. */
// RFC 4035 §5.3
export function checkSet(set: RecordSet, context: SetContext): SetVerdict {
  const subject = subjectOf(set.owner, set.type);
  if (set.signatures.length === 0) return { kind: "bogus", detail: `${subject} has no signature` };
  let fault = "";
  let tried = 0;
  const rdatas = canonicalRdatas(set);
  for (const signature of set.signatures) {
    const refused = whyNotUsable(set, signature, context);
    if (refused !== undefined) {
      fault ||= refused;
      continue;
    }
    for (const key of candidates(signature, context)) {
      const spent = tried++ >= context.budget.limits.signaturesPerSet || context.budget.failures === 0;
      if (spent || !spend(context.budget, "signatures")) {
        return { kind: "bogus", detail: `${subject} has more signatures and keys than are worth checking` };
      }
      if (key.verifier()?.(signedData(set, signature, rdatas), signature.signature) === true) {
        return valid(set, signature, context);
      }
      fault = `the signature by key ${signature.keyTag} of ${absoluteText(signature.signer)} does not verify`;
      spend(context.budget, "failures");
    }
    fault ||= `no usable key ${signature.keyTag} of algorithm ${signature.algorithm} in ${absoluteText(context.zone)}`;
  }
  return { kind: "bogus", detail: `${subject}: ${fault}` };
}

function valid(set: RecordSet, signature: Rrsig, { now }: SetContext): SetVerdict {
  const life = (signature.expiration - seconds(now)) | 0;
  const ttl = Math.min(set.ttl, signature.originalTtl, life);
  const detail = `signed by key ${signature.keyTag} (algorithm ${signature.algorithm}) of ${absoluteText(signature.signer)}`;
  const verdict = { kind: "valid" as const, expires: now + ttl * 1000, detail };
  if (signature.labels >= ownerLabels(set.owner)) return verdict;
  return { ...verdict, wildcard: lastLabels(set.owner, signature.labels) };
}

// RFC 4035 §5.3.1
function whyNotUsable(set: RecordSet, signature: Rrsig, { zone, now }: SetContext): string | undefined {
  const by = `the signature by key ${signature.keyTag}`;
  if (!sameName(signature.signer, zone)) return `${by} names ${absoluteText(signature.signer)} as signer`;
  if (!isWithin(set.owner, zone)) return `${by} is from a zone that the name does not lie in`;
  if (signature.labels > ownerLabels(set.owner)) return `${by} has more labels than the name`;
  if (signature.labels < zone.labels.length) return `${by} has fewer labels than its zone`;
  const at = seconds(now);
  if (serialBefore(signature.expiration, signature.inception)) return `${by} ends before it begins`;
  if (serialBefore(at, signature.inception)) return `${by} is not valid before ${instantText(signature.inception)}`;
  if (serialBefore(signature.expiration, at)) return `${by} expired at ${instantText(signature.expiration)}`;
  return undefined;
}

function candidates(signature: Rrsig, { keys, budget }: SetContext): readonly ZoneKey[] {
  return keys
    .filter((key) => key.tag === signature.keyTag && key.dnskey.algorithm === signature.algorithm && key.supported)
    .slice(0, budget.limits.keysPerTag);
}

/** Serial arithmetic: whether `left` comes before `right` modulo 2^32. */
// RFC 4034 §3.1.5, RFC 1982 §3.2
export function serialBefore(left: number, right: number): boolean {
  return ((left - right) | 0) < 0;
}

function seconds(now: Instant): number {
  return Math.floor(now / 1000) >>> 0;
}

function instantText(serial: number): string {
  return new Date(serial * 1000).toISOString();
}
