/**
 * DNS on the wire, as much as an authority needs: its own code, so that a fault of the resolver under attack is not shared
 * by the world that it asks.
 */
export interface DnsQuery {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  /** As asked, in its letters' case; it goes back so. */
  readonly question: Uint8Array;
  /** DNSSEC OK, and the payload that fits; absent without EDNS. */
  readonly edns?: { readonly dnssecOk: boolean; readonly size: number };
  readonly checkingDisabled: boolean;
}

/** A record whose owner is absolute and in lower case, without the last dot; "" is the root. */
export interface WireRecord {
  readonly owner: string;
  readonly type: number;
  readonly ttl: number;
  readonly rdata: Uint8Array;
}

export interface DnsReply {
  readonly rcode: number;
  readonly answer: readonly WireRecord[];
  readonly authority: readonly WireRecord[];
  readonly ad?: true;
  readonly truncated?: true;
}

/** Undefined when it is no query that an authority answers. */
export function readQuery(octets: Uint8Array): DnsQuery | undefined {
  const view = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  if (view.length < 17 || (view[2] ?? 0) >> 3 !== 0 || view.readUInt16BE(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = 12;
  for (let length = view[at++] ?? 0; length > 0; length = view[at++] ?? 0) {
    if (length > 63) return undefined;
    labels.push(view.toString("latin1", at, at + length).toLowerCase());
    at += length;
  }
  if (at + 4 > view.length) return undefined;
  const edns = readEdns(view, at + 4);
  return {
    id: view.readUInt16BE(0),
    name: labels.join("."),
    type: view.readUInt16BE(at),
    question: Uint8Array.from(view.subarray(12, at + 4)),
    ...(edns === undefined ? {} : { edns }),
    checkingDisabled: ((view[3] ?? 0) & 0x10) !== 0,
  };
}

function readEdns(view: Buffer, at: number): DnsQuery["edns"] {
  if (view.readUInt16BE(10) !== 1 || view.length < at + 11 || view[at] !== 0) return undefined;
  if (view.readUInt16BE(at + 1) !== OPT) return undefined;
  return { size: view.readUInt16BE(at + 3), dnssecOk: ((view[at + 7] ?? 0) & 0x80) !== 0 };
}

/** Octets of a reply; cut to what fits when `size` is given. */
export function writeReply(query: DnsQuery, reply: DnsReply, size?: number): Uint8Array {
  const records = [...reply.answer, ...reply.authority].map(encodeRecord);
  const opt = query.edns === undefined ? [] : [Uint8Array.from([0, 0, OPT, 0x04, 0xd0, 0, 0, 0x80, 0, 0, 0])];
  const counts = [1, reply.answer.length, reply.authority.length, opt.length];
  const head = headOf(query, reply, counts);
  const whole = Buffer.concat([head, query.question, ...records, ...opt]);
  if (reply.truncated !== true && (size === undefined || whole.length <= size)) return whole;
  return Buffer.concat([headOf(query, { ...reply, truncated: true }, [1, 0, 0, opt.length]), query.question, ...opt]);
}

function headOf({ id, checkingDisabled }: DnsQuery, reply: DnsReply, counts: readonly number[]): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(id, 0);
  head[2] = 0x81 | (reply.truncated === true ? 0x02 : 0);
  head[3] = 0x80 | (reply.ad === true ? 0x20 : 0) | (checkingDisabled ? 0x10 : 0) | reply.rcode;
  for (const [at, count] of counts.entries()) head.writeUInt16BE(count, 4 + at * 2);
  return head;
}

export function encodeRecord({ owner, type, ttl, rdata }: WireRecord): Uint8Array {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(rdata.length, 8);
  return Buffer.concat([encodeName(owner), fixed, rdata]);
}

/** Uncompressed, as signatures need it too (RFC 4034 §6.2). */
export function encodeName(name: string): Uint8Array {
  const labels = name.split(".").filter((label) => label !== "");
  return Buffer.concat([
    ...labels.flatMap((label) => [Uint8Array.of(label.length), Buffer.from(label, "latin1")]),
    ROOT,
  ]);
}

/** RFC 4034 §4.1.2; all types that the lab knows are in the first window. */
export function bitmap(types: readonly number[]): Uint8Array {
  const octets = new Uint8Array((Math.max(...types) >> 3) + 1);
  for (const type of types) octets[type >> 3] = (octets[type >> 3] ?? 0) | (0x80 >> (type & 7));
  return Buffer.concat([Uint8Array.of(0, octets.length), octets]);
}

export const DNS_TYPES = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  DS: 43,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  NSEC3: 50,
  TLSA: 52,
} as const;
export type DnsTypeName = keyof typeof DNS_TYPES;

export function dnsTypeName(type: number): string {
  return Object.entries(DNS_TYPES).find(([, number]) => number === type)?.[0] ?? `TYPE${type}`;
}

export const RCODE = { ok: 0, servfail: 2, nxdomain: 3, refused: 5 } as const;
const OPT = 41;
const ROOT = Uint8Array.of(0);
