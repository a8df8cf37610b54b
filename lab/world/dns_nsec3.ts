import { createHash } from "node:crypto";
import { bitmap, DNS_TYPES, encodeName, type WireRecord } from "./dns_wire.ts";

export interface HashedZone {
  readonly zone: string;
  /** Types by owner. */
  readonly owners: ReadonlyMap<string, ReadonlySet<number>>;
  /** Beyond the first. */
  readonly rounds: number;
}

/** NSEC3 records, without signatures, which prove that a name or a type at it is not there. RFC 5155 §7.2 */
export function hashedDenial(
  { zone, owners, rounds }: HashedZone,
  name: string,
): { readonly exists: boolean; readonly proof: readonly WireRecord[] } {
  const present = namesOf(zone, owners.keys());
  const chain = [...present]
    .map((owner) => ({ owner, hash: hashOf(owner, rounds) }))
    .sort((a, b) => Buffer.compare(a.hash, b.hash));
  const recordAt = (at: number): WireRecord => {
    const { owner, hash } = chain.at(at) ?? { owner: zone, hash: Buffer.alloc(20) };
    const next = chain[(at + 1 + chain.length) % chain.length]?.hash ?? hash;
    const own = [...(owners.get(owner) ?? [])];
    const types = own.length === 0 ? [] : [...own, DNS_TYPES.RRSIG];
    const fixed = Uint8Array.of(SHA1, 0, rounds >> 8, rounds & 0xff, 0, next.length);
    const rdata = Buffer.concat([fixed, next, types.length === 0 ? Buffer.alloc(0) : bitmap(types)]);
    return { owner: `${base32(hash)}.${zone}`, type: DNS_TYPES.NSEC3, ttl: TTL, rdata };
  };
  /** The last that is not after the name's hash: that of the name itself, or what covers it. */
  const before = (one: string): number => {
    const hash = hashOf(one, rounds);
    return chain.findLastIndex((entry) => Buffer.compare(entry.hash, hash) <= 0);
  };
  if (present.has(name)) return { exists: true, proof: [recordAt(before(name))] };
  let below = name;
  let encloser = above(name);
  while (!present.has(encloser)) [below, encloser] = [encloser, above(encloser)];
  const places = new Set([encloser, below, `*.${encloser}`].map(before));
  return { exists: false, proof: [...places].map(recordAt) };
}

/** Owners, and all names between them and the apex. */
function namesOf(zone: string, owners: Iterable<string>): ReadonlySet<string> {
  const found = new Set<string>();
  for (const owner of owners)
    for (let name = owner; !found.has(name); name = above(name)) {
      found.add(name);
      if (name === zone) break;
    }
  return found;
}

/** RFC 5155 §5, without salt */
function hashOf(name: string, rounds: number): Buffer {
  let hash = createHash("sha1").update(encodeName(name)).digest();
  for (let round = 0; round < rounds; round++) hash = createHash("sha1").update(hash).digest();
  return hash;
}

/** RFC 4648 §7; twenty octets need no padding. */
function base32(octets: Buffer): string {
  const bits = BigInt(`0x${octets.toString("hex")}`);
  return bits.toString(32).padStart((octets.length * 8) / 5, "0");
}

function above(name: string): string {
  return name.slice(name.indexOf(".") + 1);
}

const SHA1 = 1;
const TTL = 300;
