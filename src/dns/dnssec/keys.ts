import type { Bytes } from "../../base/mod.ts";
import type { Name } from "../wire/name.ts";
import type { Dnskey } from "../wire/rdata-dnssec.ts";
import { decodeDnskey } from "../wire/rdata-dnssec.ts";
import type { AlgorithmPolicy, Verifier } from "./algorithms.ts";
import type { RecordSet } from "./rrset.ts";

/** A key of a zone, ready to check signatures. */
export interface ZoneKey {
  readonly zone: Name;
  readonly dnskey: Dnskey;
  readonly rdata: Bytes;
  readonly tag: number;
  /** Whether the policy knows the algorithm. */
  readonly supported: boolean;
  /** Made at the first use; undefined when the key is malformed or its algorithm unsupported. */
  readonly verifier: () => Verifier | undefined;
}

/** The keys of a DNSKEY set that may sign at all: zone keys of protocol 3 that are not revoked. */
export function zoneKeys(set: RecordSet, policy: AlgorithmPolicy): readonly ZoneKey[] {
  return set.records.flatMap((record) => {
    const dnskey = decodeDnskey(record.rdata);
    return dnskey === undefined || !maySign(dnskey) ? [] : [zoneKey(set.owner, record.rdata, { dnskey, policy })];
  });
}

function zoneKey(
  zone: Name,
  rdata: Bytes,
  { dnskey, policy }: { readonly dnskey: Dnskey; readonly policy: AlgorithmPolicy },
): ZoneKey {
  let made: { readonly verifier: Verifier | undefined } | undefined;
  const verifier = (): Verifier | undefined => {
    made ??= { verifier: policy.signature(dnskey.algorithm)?.(dnskey.publicKey) };
    return made.verifier;
  };
  const supported = policy.signature(dnskey.algorithm) !== undefined;
  return { zone, dnskey, rdata, tag: keyTag(rdata), supported, verifier };
}

// RFC 4034 §2.1.1, §2.1.2; RFC 5011 §2.1
function maySign(dnskey: Dnskey): boolean {
  return (dnskey.flags & ZONE_FLAG) !== 0 && (dnskey.flags & REVOKE_FLAG) === 0 && dnskey.protocol === 3;
}

/** The tag of a DNSKEY's rdata; different keys may share it. */
// RFC 4034 Appendix B
export function keyTag(rdata: Bytes): number {
  // Algorithm 1 alone takes the tag from its modulus (Appendix B.1).
  if (rdata[3] === 1) return ((rdata.at(-3) ?? 0) << 8) | (rdata.at(-2) ?? 0);
  let sum = 0;
  for (let at = 0; at < rdata.length; at++) sum += (at & 1) === 0 ? (rdata[at] ?? 0) << 8 : (rdata[at] ?? 0);
  return (sum + ((sum >>> 16) & 0xffff)) & 0xffff;
}

const ZONE_FLAG = 0x0100;
const REVOKE_FLAG = 0x0080;
