import { commonAncestor, compareNames, isBelow, isWithin, sameName, wildcardOf } from "../wire/hierarchy.ts";
import type { Name } from "../wire/name.ts";
import type { Nsec } from "../wire/rdata-dnssec.ts";
import { TYPE } from "../wire/types.ts";
import type { Denial, DsDenial } from "./denial.ts";
import { deniesType, isDelegation, NOT_PROVED } from "./denial.ts";

/** An NSEC record whose signature was found valid and not from a wildcard. */
export interface ProvenNsec {
  readonly owner: Name;
  readonly nsec: Nsec;
}

/** Denial of a type at `name`, be it that the name has it not, is empty, or that a wildcard stands in for it. */
// RFC 4035 §5.4, RFC 6840 §4
export function nsecNodata(name: Name, type: number, records: readonly ProvenNsec[]): Denial {
  for (const record of records) {
    if (sameName(record.owner, name)) return matchDenies(record, type) ? SECURE : NOT_PROVED;
    if (relation(record, name) === "empty") return SECURE;
  }
  const denied = closest(name, records);
  const wildcard = denied && wildcardOf(denied);
  if (wildcard === undefined) return NOT_PROVED;
  for (const record of records) {
    if (sameName(record.owner, wildcard)) return matchDenies(record, type) ? SECURE : NOT_PROVED;
    if (relation(record, wildcard) === "empty") return SECURE;
  }
  return NOT_PROVED;
}

/** Denial of `name` and of every wildcard that could stand in for it. */
// RFC 4035 §5.4
export function nsecNameError(name: Name, records: readonly ProvenNsec[]): Denial {
  const encloser = closest(name, records);
  const wildcard = encloser && wildcardOf(encloser);
  if (wildcard === undefined) return NOT_PROVED;
  return records.some((record) => relation(record, wildcard) === "absent") ? SECURE : NOT_PROVED;
}

/** Proof that `name` has no match closer than `*` below `encloser`. */
// RFC 4035 §5.3.4
export function nsecWildcard(name: Name, encloser: Name, records: readonly ProvenNsec[]): Denial {
  const found = closest(name, records);
  return found !== undefined && sameName(found, encloser) ? SECURE : NOT_PROVED;
}

/** What the records say about a zone cut at `name`. */
// RFC 4035 §5.2, RFC 6840 §4.4
export function nsecNoDs(name: Name, records: readonly ProvenNsec[]): DsDenial {
  for (const record of records) {
    if (sameName(record.owner, name)) {
      const { types } = record.nsec;
      if (types.has(TYPE.DS) || types.has(TYPE.CNAME)) return "not-proved";
      if (types.has(TYPE.SOA) && name.labels.length > 0) return "not-proved";
      return types.has(TYPE.NS) ? "insecure-cut" : "no-cut";
    }
    const place = relation(record, name);
    if (place !== "elsewhere") return "no-cut";
  }
  return "not-proved";
}

/** The longest existing ancestor of a name that the records deny. */
function closest(name: Name, records: readonly ProvenNsec[]): Name | undefined {
  const denying = records.find((record) => relation(record, name) === "absent");
  if (denying === undefined) return undefined;
  const before = commonAncestor(denying.owner, name);
  const behind = commonAncestor(denying.nsec.next, name);
  return before.labels.length > behind.labels.length ? before : behind;
}

/** Where `name` lies as seen from one record: in its gap, an empty node in its gap, or out of its reach. */
function relation({ owner, nsec }: ProvenNsec, name: Name): "absent" | "empty" | "elsewhere" {
  if (compareNames(owner, name) >= 0) return "elsewhere";
  // RFC 6840 §4.1: nothing below a cut or a DNAME can be denied from above
  if (isBelow(name, owner) && (isDelegation(nsec.types) || nsec.types.has(TYPE.DNAME))) return "elsewhere";
  // RFC 4034 §4.1.1: the last record of a zone names its apex
  const last = compareNames(owner, nsec.next) >= 0;
  if (last) return isBelow(name, nsec.next) ? "absent" : "elsewhere";
  if (compareNames(name, nsec.next) >= 0) return "elsewhere";
  return isWithin(nsec.next, name) ? "empty" : "absent";
}

function matchDenies({ owner, nsec }: ProvenNsec, type: number): boolean {
  return deniesType(nsec.types, type, owner);
}

const SECURE: Denial = { kind: "secure" };
