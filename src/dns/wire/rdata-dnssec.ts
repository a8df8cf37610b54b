import type { Bytes } from "../../base/mod.ts";
import type { Name } from "./name.ts";
import { readName, u16, u32, u8 } from "./reader.ts";

export interface Dnskey {
  readonly flags: number;
  readonly protocol: number;
  readonly algorithm: number;
  readonly publicKey: Bytes;
}

export interface Ds {
  readonly keyTag: number;
  readonly algorithm: number;
  readonly digestType: number;
  readonly digest: Bytes;
}

export interface Rrsig {
  readonly typeCovered: number;
  readonly algorithm: number;
  /** Labels of the owner, without the root and a leading asterisk (RFC 4034 §3.1.3). */
  readonly labels: number;
  readonly originalTtl: number;
  /** Seconds since 1970 modulo 2^32; compared by serial arithmetic. */
  readonly expiration: number;
  readonly inception: number;
  readonly keyTag: number;
  readonly signer: Name;
  readonly signature: Bytes;
}

export interface Nsec {
  readonly next: Name;
  readonly types: TypeBitmap;
}

export interface Nsec3 {
  readonly hashAlgorithm: number;
  readonly flags: number;
  readonly iterations: number;
  readonly salt: Bytes;
  readonly nextHashed: Bytes;
  readonly types: TypeBitmap;
}

export interface Nsec3Param {
  readonly hashAlgorithm: number;
  readonly flags: number;
  readonly iterations: number;
  readonly salt: Bytes;
}

export type TypeBitmap = ReadonlySet<number>;

/** DNSKEY and CDNSKEY. */
// RFC 4034 §2.1
export function decodeDnskey(rdata: Bytes): Dnskey | undefined {
  if (rdata.length < 5) return undefined;
  return { flags: u16(rdata, 0), protocol: u8(rdata, 2), algorithm: u8(rdata, 3), publicKey: rdata.subarray(4) };
}

/** DS, CDS and DLV. */
// RFC 4034 §5.1
export function decodeDs(rdata: Bytes): Ds | undefined {
  if (rdata.length < 5) return undefined;
  return { keyTag: u16(rdata, 0), algorithm: u8(rdata, 2), digestType: u8(rdata, 3), digest: rdata.subarray(4) };
}

// RFC 4034 §3.1
export function decodeRrsig(rdata: Bytes): Rrsig | undefined {
  if (rdata.length < 20) return undefined;
  const signer = readName(rdata, 18);
  if (!signer.ok || signer.value.end >= rdata.length) return undefined;
  return {
    typeCovered: u16(rdata, 0),
    algorithm: u8(rdata, 2),
    labels: u8(rdata, 3),
    originalTtl: u32(rdata, 4),
    expiration: u32(rdata, 8),
    inception: u32(rdata, 12),
    keyTag: u16(rdata, 16),
    signer: signer.value.name,
    signature: rdata.subarray(signer.value.end),
  };
}

// RFC 4034 §4.1
export function decodeNsec(rdata: Bytes): Nsec | undefined {
  const next = readName(rdata, 0);
  if (!next.ok) return undefined;
  const types = decodeBitmap(rdata.subarray(next.value.end));
  return types === undefined ? undefined : { next: next.value.name, types };
}

// RFC 5155 §3.2
export function decodeNsec3(rdata: Bytes): Nsec3 | undefined {
  const head = decodeHashHead(rdata);
  if (head === undefined) return undefined;
  const at = 5 + head.salt.length;
  const end = at + 1 + u8(rdata, at);
  if (at >= rdata.length || end > rdata.length || end === at + 1) return undefined;
  const types = decodeBitmap(rdata.subarray(end));
  return types === undefined ? undefined : { ...head, nextHashed: rdata.subarray(at + 1, end), types };
}

// RFC 5155 §4.2
export function decodeNsec3Param(rdata: Bytes): Nsec3Param | undefined {
  const head = decodeHashHead(rdata);
  return head !== undefined && rdata.length === 5 + head.salt.length ? head : undefined;
}

/** The type bit maps of NSEC and NSEC3; windows must rise, blocks be 1 to 32 octets. */
// RFC 4034 §4.1.2
export function decodeBitmap(octets: Bytes): TypeBitmap | undefined {
  const types = new Set<number>();
  let last = -1;
  for (let at = 0; at < octets.length; ) {
    const window = u8(octets, at);
    const length = u8(octets, at + 1);
    const end = at + 2 + length;
    if (window <= last || length < 1 || length > 32 || end > octets.length) return undefined;
    for (let index = 0; index < length * 8; index++) {
      const set = (u8(octets, at + 2 + (index >> 3)) & (0x80 >> (index & 7))) !== 0;
      if (set) types.add(window * 256 + index);
    }
    last = window;
    at = end;
  }
  return types;
}

function decodeHashHead(rdata: Bytes): Nsec3Param | undefined {
  if (rdata.length < 5) return undefined;
  const end = 5 + u8(rdata, 4);
  if (end > rdata.length) return undefined;
  return {
    hashAlgorithm: u8(rdata, 0),
    flags: u8(rdata, 1),
    iterations: u16(rdata, 2),
    salt: rdata.subarray(5, end),
  };
}
