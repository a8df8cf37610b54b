import type { Bytes } from "../../base/mod.ts";
import { formatIpv6 } from "../../mail/mod.ts";
import type { Name } from "./name.ts";
import { readName, u16, u32, u8 } from "./reader.ts";

/** Decoders of rdata that several places need. Each gives undefined for octets that are not of its type's form. */

export interface Soa {
  readonly primary: Name;
  readonly responsible: Name;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  /** Seconds; the upper bound of negative caching (RFC 2308 §4). */
  readonly minimum: number;
}

export interface Srv {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: Name;
}

export interface Caa {
  readonly flags: number;
  readonly tag: string;
  readonly value: Bytes;
}

/** The one name that is all of CNAME, DNAME, NS or PTR. */
export function decodeName(rdata: Bytes): Name | undefined {
  return nameAt(rdata, 0, rdata.length);
}

// RFC 1035 §3.3.9
export function decodeMx(rdata: Bytes): { readonly preference: number; readonly exchange: Name } | undefined {
  const exchange = nameAt(rdata, 2, rdata.length);
  return exchange === undefined ? undefined : { preference: u16(rdata, 0), exchange };
}

/** The character strings of TXT, at least one. */
// RFC 1035 §3.3.14
export function decodeTxt(rdata: Bytes): readonly Bytes[] | undefined {
  const strings: Bytes[] = [];
  for (let at = 0; at < rdata.length; at += 1 + u8(rdata, at)) {
    const end = at + 1 + u8(rdata, at);
    if (end > rdata.length) return undefined;
    strings.push(rdata.subarray(at + 1, end));
  }
  return strings.length === 0 ? undefined : strings;
}

// RFC 2782
export function decodeSrv(rdata: Bytes): Srv | undefined {
  const target = nameAt(rdata, 6, rdata.length);
  if (target === undefined) return undefined;
  return { priority: u16(rdata, 0), weight: u16(rdata, 2), port: u16(rdata, 4), target };
}

/** TLSA and SMIMEA alike. */
// RFC 6698 §2.1, RFC 8162 §2
export function decodeTlsa(
  rdata: Bytes,
): { readonly usage: number; readonly selector: number; readonly matching: number; readonly data: Bytes } | undefined {
  if (rdata.length < 3) return undefined;
  return { usage: u8(rdata, 0), selector: u8(rdata, 1), matching: u8(rdata, 2), data: rdata.slice(3) };
}

// RFC 8659 §4.1
export function decodeCaa(rdata: Bytes): Caa | undefined {
  const end = 2 + u8(rdata, 1);
  if (rdata.length < 3 || end === 2 || end > rdata.length) return undefined;
  return { flags: u8(rdata, 0), tag: String.fromCharCode(...rdata.subarray(2, end)), value: rdata.slice(end) };
}

// RFC 1035 §3.3.13
export function decodeSoa(rdata: Bytes): Soa | undefined {
  const primary = readName(rdata, 0);
  if (!primary.ok) return undefined;
  const responsible = readName(rdata, primary.value.end);
  if (!responsible.ok || rdata.length !== responsible.value.end + 20) return undefined;
  const at = responsible.value.end;
  return {
    primary: primary.value.name,
    responsible: responsible.value.name,
    serial: u32(rdata, at),
    refresh: u32(rdata, at + 4),
    retry: u32(rdata, at + 8),
    expire: u32(rdata, at + 12),
    minimum: u32(rdata, at + 16),
  };
}

/** Textual IPv4 address. */
export function decodeA(rdata: Bytes): string | undefined {
  return rdata.length === 4 ? rdata.join(".") : undefined;
}

/** Textual IPv6 address in RFC 5952 form. */
export function decodeAaaa(rdata: Bytes): string | undefined {
  if (rdata.length !== 16) return undefined;
  return formatIpv6(Array.from({ length: 8 }, (_, group) => u16(rdata, group * 2)));
}

/** The fixed octets and the name that must end the rdata. */
function nameAt(rdata: Bytes, at: number, end: number): Name | undefined {
  if (at >= rdata.length) return undefined;
  const read = readName(rdata, at);
  return read.ok && read.value.end === end ? read.value.name : undefined;
}
