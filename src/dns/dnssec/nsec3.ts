import { equalBytes } from "../../base/mod.ts";
import { ancestorName, isWithin, sameName, wildcardOf } from "../wire/hierarchy.ts";
import type { Name } from "../wire/name.ts";
import type { Nsec3 } from "../wire/rdata-dnssec.ts";
import { base32Hex } from "../wire/text-present.ts";
import { TYPE } from "../wire/types.ts";
import type { Denial, DsDenial } from "./denial.ts";
import { deniesType, isDelegation, NOT_PROVED } from "./denial.ts";
import type { Budget } from "./limits.ts";
import { spend } from "./limits.ts";
import { nsec3Hash } from "./nsec3-hash.ts";

/** An NSEC3 record whose signature was found valid. */
export interface ProvenNsec3 {
  readonly owner: Name;
  readonly nsec3: Nsec3;
}

/** The usable NSEC3 records of one zone and one response, with the hashes that were already made. */
export interface HashedZone {
  readonly zone: Name;
  readonly records: readonly { readonly hash: string; readonly next: string; readonly nsec3: Nsec3 }[];
  readonly hashes: Map<string, string>;
  readonly budget: Budget;
}

/** Makes a `HashedZone`, or says why the records cannot be used for a secure proof. */
export function hashedZone(
  zone: Name,
  records: readonly ProvenNsec3[],
  budget: Budget,
): { readonly kind: "usable"; readonly zone: HashedZone } | Exclude<Denial, { kind: "secure" }> {
  const usable = records.filter(({ owner, nsec3 }) => isUsable(owner, nsec3, zone));
  const [first] = usable;
  if (first === undefined) return NOT_PROVED as { readonly kind: "not-proved" };
  const most = Math.max(...usable.map(({ nsec3 }) => nsec3.iterations));
  // RFC 9276 §3.2
  if (most > budget.limits.refusedIterations) return { kind: "refused", detail: `NSEC3 with ${most} iterations` };
  if (most > budget.limits.insecureIterations) return { kind: "insecure", detail: `NSEC3 with ${most} iterations` };
  // RFC 5155 §7.2, §8.2: one response uses one set of parameters
  const alike = usable.filter(({ nsec3 }) => sameParameters(nsec3, first.nsec3));
  const entries = alike.map(({ owner, nsec3 }) => ({
    hash: ownerHash(owner),
    next: base32Hex(nsec3.nextHashed),
    nsec3,
  }));
  return { kind: "usable", zone: { zone, records: entries, hashes: new Map(), budget } };
}

// RFC 5155 §8.5, §8.6, §8.7
export function nsec3Nodata(name: Name, type: number, zone: HashedZone): Denial {
  const match = matching(name, zone);
  if (match === "refused") return COSTLY;
  if (match !== undefined) return deniesType(match.types, type, name) ? SECURE : NOT_PROVED;
  const encloser = closestEncloser(name, zone);
  if (encloser === "refused") return COSTLY;
  if (encloser === undefined) return NOT_PROVED;
  const wildcard = wildcardOf(encloser.name);
  const wild = wildcard && matching(wildcard, zone);
  if (wild === "refused") return COSTLY;
  if (wild !== undefined && wildcard !== undefined) {
    if (!deniesType(wild.types, type, wildcard)) return NOT_PROVED;
    return encloser.optOut ? OPTED_OUT : SECURE;
  }
  return encloser.optOut ? OPTED_OUT : NOT_PROVED;
}

// RFC 5155 §8.4
export function nsec3NameError(name: Name, zone: HashedZone): Denial {
  const encloser = closestEncloser(name, zone);
  if (encloser === "refused") return COSTLY;
  const wildcard = encloser && wildcardOf(encloser.name);
  if (encloser === undefined || wildcard === undefined) return NOT_PROVED;
  const covered = covering(wildcard, zone);
  if (covered === "refused") return COSTLY;
  if (covered === undefined) return NOT_PROVED;
  // RFC 5155 §9.2: a name in an opt-out span may be an unsigned delegation
  return encloser.optOut ? OPTED_OUT : SECURE;
}

// RFC 5155 §8.8
export function nsec3Wildcard(name: Name, encloser: Name, zone: HashedZone): Denial {
  const next = ancestorName(name, name.labels.length - encloser.labels.length - 1);
  const covered = covering(next, zone);
  if (covered === "refused") return COSTLY;
  if (covered === undefined) return NOT_PROVED;
  return optOut(covered) ? OPTED_OUT : SECURE;
}

// RFC 5155 §8.6, §8.9
export function nsec3NoDs(name: Name, zone: HashedZone): DsDenial {
  const match = matching(name, zone);
  if (match === "refused") return COSTLY_CUT;
  if (match !== undefined) {
    if (match.types.has(TYPE.DS) || match.types.has(TYPE.CNAME)) return "not-proved";
    if (match.types.has(TYPE.SOA) && name.labels.length > 0) return "not-proved";
    return match.types.has(TYPE.NS) ? "insecure-cut" : "no-cut";
  }
  const encloser = closestEncloser(name, zone);
  if (encloser === "refused") return COSTLY_CUT;
  if (encloser === undefined) return "not-proved";
  return encloser.optOut ? "insecure-cut" : "no-cut";
}

/** The longest ancestor that exists, proved by a match for it and a gap over the name one label longer. */
// RFC 5155 §8.3
function closestEncloser(
  name: Name,
  zone: HashedZone,
): { readonly name: Name; readonly optOut: boolean } | undefined | "refused" {
  let next = name;
  while (!sameName(next, zone.zone) && next.labels.length > 0) {
    const candidate = ancestorName(next);
    const match = matching(candidate, zone);
    if (match === "refused") return "refused";
    if (match !== undefined) {
      if (isDelegation(match.types) || match.types.has(TYPE.DNAME)) return undefined;
      const covered = covering(next, zone);
      if (covered === "refused") return "refused";
      return covered === undefined ? undefined : { name: candidate, optOut: optOut(covered) };
    }
    next = candidate;
  }
  return undefined;
}

function matching(name: Name, zone: HashedZone): Nsec3 | undefined | "refused" {
  const hash = hashOf(name, zone);
  if (hash === "refused") return hash;
  return zone.records.find((record) => record.hash === hash)?.nsec3;
}

function covering(name: Name, zone: HashedZone): Nsec3 | undefined | "refused" {
  const hash = hashOf(name, zone);
  if (hash === "refused" || hash === undefined) return hash;
  return zone.records.find((record) => covers(record.hash, record.next, hash))?.nsec3;
}

/** The alphabet of base32hex rises as its values do, so text compares as octets would. */
function covers(owner: string, next: string, hash: string): boolean {
  return owner < next ? owner < hash && hash < next : hash > owner || hash < next;
}

/** Undefined for a name that the zone cannot hold, "refused" when no more may be spent on hashing. */
function hashOf(name: Name, zone: HashedZone): string | undefined {
  const known = zone.hashes.get(name.key);
  if (known !== undefined) return known;
  const parameters = zone.records[0]?.nsec3;
  if (parameters === undefined || !isWithin(name, zone.zone)) return undefined;
  if (!spend(zone.budget, "hashRounds", parameters.iterations + 1)) return "refused";
  const hash = base32Hex(nsec3Hash(name, parameters));
  zone.hashes.set(name.key, hash);
  return hash;
}

// RFC 5155 §8.1, §8.2
function isUsable(owner: Name, nsec3: Nsec3, zone: Name): boolean {
  if (nsec3.hashAlgorithm !== SHA1 || (nsec3.flags & ~OPT_OUT) !== 0 || nsec3.nextHashed.length !== 20) return false;
  return owner.labels.length === zone.labels.length + 1 && isWithin(owner, zone) && ownerHash(owner).length === 32;
}

function ownerHash(owner: Name): string {
  return owner.key.slice(1, 1 + (owner.labels[0]?.length ?? 0));
}

function sameParameters(left: Nsec3, right: Nsec3): boolean {
  return left.iterations === right.iterations && equalBytes(left.salt, right.salt);
}

function optOut(nsec3: Nsec3): boolean {
  return (nsec3.flags & OPT_OUT) !== 0;
}

const SHA1 = 1;
const OPT_OUT = 1;
const SECURE: Denial = { kind: "secure" };
const OPTED_OUT: Denial = { kind: "insecure", detail: "the name lies in an opt-out span" };
const COSTLY: Denial = { kind: "refused", detail: "NSEC3 hashing beyond the limit" };
const COSTLY_CUT: DsDenial = { refused: "NSEC3 hashing beyond the limit" };
