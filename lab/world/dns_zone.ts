import type { SigningSpec } from "../types.ts";
import { hashedDenial } from "./dns_nsec3.ts";
import { collidingKeys, signSet, wrongSignatures, type ZoneKey } from "./dns_sign.ts";
import { bitmap, DNS_TYPES, encodeName, RCODE, type WireRecord } from "./dns_wire.ts";

/** One zone that answers for its names, with proofs when it has a key. */
export interface Zone {
  readonly name: string;
  /** All at an owner, of one type; with its signature. */
  find(owner: string, type: number): readonly WireRecord[];
  /** What proves that a name, or a type at it, is not there. */
  deny(owner: string): { readonly rcode: number; readonly authority: readonly WireRecord[] };
}

/** `records` has neither SOA nor DNSKEY; those are made. A zone without a key is unsigned. */
export function zoneOf(
  name: string,
  given: readonly WireRecord[],
  key?: ZoneKey,
  { colliding = 0, rounds }: Pick<SigningSpec, "colliding" | "rounds"> = {},
): Zone {
  const apex = (type: number, rdata: Uint8Array): WireRecord => ({ owner: name, type, ttl: TTL, rdata });
  const soa = apex(DNS_TYPES.SOA, soaRdata(name));
  const traps = collidingKeys(name, colliding);
  const keys = key === undefined ? [] : [key.dnskey, ...traps.keys].map((rdata) => apex(DNS_TYPES.DNSKEY, rdata));
  const ns = apex(DNS_TYPES.NS, encodeName(name === "" ? "ns" : `ns.${name}`));
  const records = [soa, ns, ...keys, ...given];
  const sets = new Map<string, WireRecord[]>();
  const owners = new Map<string, Set<number>>();
  for (const record of records) {
    const at = `${record.owner} ${record.type}`;
    sets.set(at, [...(sets.get(at) ?? []), record]);
    owners.set(record.owner, (owners.get(record.owner) ?? new Set()).add(record.type));
  }
  const cut = (owner: string): boolean => owner !== name && owners.get(owner)?.has(DNS_TYPES.NS) === true;
  const signed = new Map<string, readonly WireRecord[]>();
  const withSignature = (set: readonly WireRecord[]): readonly WireRecord[] => {
    const [first] = set;
    // The parent does not speak for the names of a child (RFC 4035 §2.2).
    if (first === undefined || key === undefined || (cut(first.owner) && first.type === DNS_TYPES.NS)) return set;
    const at = `${first.owner} ${first.type}`;
    const own = colliding === 0 || first.type === DNS_TYPES.DNSKEY;
    const known = signed.get(at) ?? [...set, ...(own ? [signSet(set, key)] : wrongSignatures(set, key, traps))];
    signed.set(at, known);
    return known;
  };
  const order = [...owners.keys()].sort(canonically);
  const nsecAt = (position: number): readonly WireRecord[] => {
    const owner = order.at(position) ?? "";
    const types = [...(owners.get(owner) ?? []), DNS_TYPES.RRSIG, DNS_TYPES.NSEC];
    const rdata = Buffer.concat([encodeName(order[(position + 1) % order.length] ?? ""), bitmap(types)]);
    return withSignature([{ owner, type: DNS_TYPES.NSEC, ttl: TTL, rdata }]);
  };
  /** The last owner that is not after `name`. */
  const before = (wanted: string): number => {
    let [low, high] = [0, order.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (canonically(order[middle] ?? "", wanted) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };
  return {
    name,
    find: (owner, type) => withSignature(sets.get(`${owner} ${type}`) ?? []),
    deny(owner) {
      if (key !== undefined && rounds !== undefined) {
        const { exists, proof } = hashedDenial({ zone: name, owners, rounds }, owner);
        const authority = [...withSignature([soa]), ...proof.flatMap((one) => withSignature([one]))];
        return { rcode: exists ? RCODE.ok : RCODE.nxdomain, authority };
      }
      const exists = order.some((one) => one === owner || one.endsWith(`.${owner}`));
      const proofs = new Set<number>();
      if (key !== undefined) {
        proofs.add(before(owner));
        if (!exists) proofs.add(before(`*.${closest(owner, order)}`));
      }
      return {
        rcode: exists ? RCODE.ok : RCODE.nxdomain,
        authority: [...withSignature([soa]), ...[...proofs].flatMap(nsecAt)],
      };
    },
  };
}

/** The nearest name above that exists. */
function closest(owner: string, order: readonly string[]): string {
  const dot = owner.indexOf(".");
  if (dot < 0) return "";
  const above = owner.slice(dot + 1);
  return order.some((one) => one === above || one.endsWith(`.${above}`)) ? above : closest(above, order);
}

/** RFC 4034 §6.1 */
function canonically(one: string, other: string): number {
  const [a, b] = [one.split(".").reverse(), other.split(".").reverse()];
  if (one === "") return other === "" ? 0 : -1;
  if (other === "") return 1;
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const [left, right] = [a[at], b[at]];
    if (left === undefined) return -1;
    if (right === undefined) return 1;
    if (left !== right) return Buffer.compare(Buffer.from(left, "latin1"), Buffer.from(right, "latin1"));
  }
  return 0;
}

function soaRdata(name: string): Uint8Array {
  const numbers = Buffer.alloc(20);
  for (const [at, value] of [1, 3600, 900, 604_800, TTL].entries()) numbers.writeUInt32BE(value, at * 4);
  const own = name === "" ? "" : `.${name}`;
  return Buffer.concat([encodeName(`ns${own}`), encodeName(`hostmaster${own}`), numbers]);
}

const TTL = 300;
