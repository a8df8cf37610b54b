import type { Instant } from "../../base/mod.ts";
import { isWithin } from "../wire/hierarchy.ts";
import type { Name } from "../wire/name.ts";
import { decodeNsec, decodeNsec3 } from "../wire/rdata-dnssec.ts";
import { TYPE } from "../wire/types.ts";
import type { Denial, DsDenial } from "./denial.ts";
import { NOT_PROVED } from "./denial.ts";
import type { Budget } from "./limits.ts";
import type { ProvenNsec } from "./nsec.ts";
import { nsecNameError, nsecNoDs, nsecNodata, nsecWildcard } from "./nsec.ts";
import type { HashedZone, ProvenNsec3 } from "./nsec3.ts";
import { hashedZone, nsec3NameError, nsec3NoDs, nsec3Nodata, nsec3Wildcard } from "./nsec3.ts";
import type { RecordSet } from "./rrset.ts";
import type { SetContext } from "./signature.ts";
import { checkSet } from "./signature.ts";

/** The denial records of one response whose signatures by one zone are valid. */
export interface Evidence {
  readonly zone: Name;
  readonly nsec: readonly ProvenNsec[];
  readonly nsec3: readonly ProvenNsec3[];
  readonly budget: Budget;
  /** Made once: hashing is what costs. */
  readonly hashed: () => ReturnType<typeof hashedZone>;
  /** The first to expire of the records; undefined when there are none. */
  readonly expires?: Instant;
  /** Why records were left out, for the operator. */
  readonly faults: readonly string[];
}

/** Checks the NSEC and NSEC3 sets among `sets` against the keys of a zone. */
export function collectEvidence(sets: Iterable<RecordSet>, context: SetContext): Evidence {
  const nsec: ProvenNsec[] = [];
  const nsec3: ProvenNsec3[] = [];
  const faults: string[] = [];
  let expires: Instant | undefined;
  for (const set of sets) {
    if (!isDenialType(set.type)) continue;
    const verdict = checkSet(set, context);
    if (verdict.kind === "bogus") {
      faults.push(verdict.detail);
      continue;
    }
    // RFC 4035 §5.4: a record that a wildcard made says nothing about the zone's names
    if (verdict.wildcard !== undefined) continue;
    expires = Math.min(expires ?? verdict.expires, verdict.expires);
    for (const { rdata } of set.records) {
      const plain = set.type === TYPE.NSEC ? decodeNsec(rdata) : undefined;
      const hashed = set.type === TYPE.NSEC3 ? decodeNsec3(rdata) : undefined;
      // A zone may deny no names but its own.
      if (plain !== undefined && isWithin(plain.next, context.zone)) nsec.push({ owner: set.owner, nsec: plain });
      if (hashed !== undefined) nsec3.push({ owner: set.owner, nsec3: hashed });
    }
  }
  let made: ReturnType<typeof hashedZone> | undefined;
  const hashed = (): ReturnType<typeof hashedZone> => (made ??= hashedZone(context.zone, nsec3, context.budget));
  const evidence = { zone: context.zone, nsec, nsec3, budget: context.budget, hashed, faults };
  return expires === undefined ? evidence : { ...evidence, expires };
}

export function isDenialType(type: number): boolean {
  return type === TYPE.NSEC || type === TYPE.NSEC3;
}

/** That the name exists without the type, or that the wildcard in its place has it not. */
export function proveNodata(name: Name, type: number, evidence: Evidence): Denial {
  const plain = nsecNodata(name, type, evidence.nsec);
  return plain.kind === "secure" ? plain : byHash(evidence, (zone) => nsec3Nodata(name, type, zone));
}

/** That neither the name nor a wildcard for it exists. */
export function proveNameError(name: Name, evidence: Evidence): Denial {
  const plain = nsecNameError(name, evidence.nsec);
  return plain.kind === "secure" ? plain : byHash(evidence, (zone) => nsec3NameError(name, zone));
}

/** That records made from `*` below `encloser` were the closest match for `name`. */
export function proveWildcard(name: Name, encloser: Name, evidence: Evidence): Denial {
  const plain = nsecWildcard(name, encloser, evidence.nsec);
  return plain.kind === "secure" ? plain : byHash(evidence, (zone) => nsec3Wildcard(name, encloser, zone));
}

/** What lies at `name` when the parent has no DS there. */
export function proveNoDs(name: Name, evidence: Evidence): DsDenial {
  const plain = nsecNoDs(name, evidence.nsec);
  if (plain !== "not-proved") return plain;
  const made = evidence.hashed();
  if (made.kind === "usable") return nsec3NoDs(name, made.zone);
  if (made.kind === "insecure") return "insecure-cut";
  return made.kind === "refused" ? { refused: made.detail } : "not-proved";
}

function byHash(evidence: Evidence, prove: (zone: HashedZone) => Denial): Denial {
  if (evidence.nsec3.length === 0) return NOT_PROVED;
  const made = evidence.hashed();
  return made.kind === "usable" ? prove(made.zone) : made;
}
