import type { Bytes } from "../../base/mod.ts";
import { concat } from "../../base/mod.ts";
import { octets16, octets32 } from "../wire/encode.ts";
import { lastLabels, wildcardOf } from "../wire/hierarchy.ts";
import { layoutOf, lowersRdata } from "../wire/layout.ts";
import type { Name } from "../wire/name.ts";
import { canonicalWire, lowerOctet } from "../wire/name.ts";
import type { Rrsig } from "../wire/rdata-dnssec.ts";
import { u8 } from "../wire/reader.ts";
import { CLASS_IN } from "../wire/types.ts";
import type { RecordSet } from "./rrset.ts";

/**
 * The octets that a signature covers: its own rdata without the signature, then the set in canonical form and order.
 * `rdatas` is what `canonicalRdatas` made of the set.
 */
// RFC 4034 §3.1.8.1
export function signedData(set: RecordSet, signature: Rrsig, rdatas: readonly Bytes[]): Bytes {
  const owner = canonicalWire(signedOwner(set.owner, signature));
  const fixed = concat([octets16(set.type), octets16(CLASS_IN), octets32(signature.originalTtl)]);
  const head = concat([
    octets16(signature.typeCovered),
    Uint8Array.of(signature.algorithm, signature.labels),
    octets32(signature.originalTtl),
    octets32(signature.expiration),
    octets32(signature.inception),
    octets16(signature.keyTag),
    canonicalWire(signature.signer),
  ]);
  return concat([head, ...rdatas.flatMap((rdata) => [owner, fixed, octets16(rdata.length), rdata])]);
}

/** The rdata of a set in canonical form and order; equal ones count once. */
// RFC 4034 §6.3
export function canonicalRdatas(set: RecordSet): readonly Bytes[] {
  const sorted = set.records.map((record) => canonicalRdata(set.type, record.rdata)).sort(compareOctets);
  return sorted.filter((rdata, at) => at === 0 || compareOctets(rdata, sorted[at - 1] ?? rdata) !== 0);
}

/** The owner as it was signed: the wildcard, when the signature has fewer labels than the name. */
// RFC 4035 §5.3.2
function signedOwner(owner: Name, signature: Rrsig): Name {
  if (signature.labels >= ownerLabels(owner)) return owner;
  return wildcardOf(lastLabels(owner, signature.labels)) ?? owner;
}

/** Labels as RRSIG counts them: without the root and a leading asterisk. */
// RFC 4034 §3.1.3
export function ownerLabels(owner: Name): number {
  const wild = owner.key.startsWith("\u0001*");
  return owner.labels.length - (wild ? 1 : 0);
}

/** Rdata with its names in lower case, for the types where canonical form asks for it. */
// RFC 4034 §6.2
export function canonicalRdata(type: number, rdata: Bytes): Bytes {
  const layout = lowersRdata(type) ? layoutOf(type) : undefined;
  if (layout === undefined) return rdata;
  const canonical = rdata.slice();
  let at = 0;
  for (const field of layout) {
    if (field === "rest") break;
    if (field === "name") at = lowerNameAt(canonical, at);
    else at += field === "string" ? 1 + u8(canonical, at) : field;
  }
  return canonical;
}

function lowerNameAt(octets: Bytes, start: number): number {
  let at = start;
  while (u8(octets, at) !== 0 && at < octets.length) {
    const end = at + 1 + u8(octets, at);
    for (let octet = at + 1; octet < end && octet < octets.length; octet++)
      octets[octet] = lowerOctet(u8(octets, octet));
    at = end;
  }
  return at + 1;
}

/** Left-justified octets; a shorter one that is a prefix comes first. */
// RFC 4034 §6.3
function compareOctets(left: Bytes, right: Bytes): number {
  return Buffer.compare(left, right);
}
