import { parseIpv4, parseIpv6, unmapped } from "../mail/mod.ts";

/** An IP address as numbers: IPv4 as one of 32 bits, IPv6 as eight of 16 bits. */
export type ClientAddress =
  | { readonly family: "ipv4"; readonly value: number }
  | { readonly family: "ipv6"; readonly groups: readonly number[] };

/** Reads an address as sockets print it; an IPv4-mapped one is IPv4. undefined for what is no IP address. */
export function readAddress(text: string): ClientAddress | undefined {
  const [plain = ""] = unmapped(text).split("%", 1);
  const v4 = parseIpv4(plain);
  if (v4 !== undefined) return { family: "ipv4", value: v4.reduce((sum, octet) => sum * 256 + octet, 0) };
  const groups = parseIpv6(plain);
  if (groups === undefined) return undefined;
  const mapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  if (mapped) return { family: "ipv4", value: (groups[6] ?? 0) * 65_536 + (groups[7] ?? 0) };
  return { family: "ipv6", groups };
}

/** The same for all addresses that share the first `prefix` bits, among those of one family and prefix. */
export function prefixKey(address: ClientAddress, prefix: number): number | string {
  if (address.family === "ipv4") return masked(address.value, prefix, 32);
  let key = "";
  for (let at = 0; at * 16 < prefix; at++) {
    key += `${masked(address.groups[at] ?? 0, Math.min(16, prefix - at * 16), 16)}:`;
  }
  return key;
}

/** How wide a client is counted. */
export interface ClientWidth {
  /** Leading bits of an IPv4 address that make one client. */
  readonly ipv4Prefix: number;
  readonly ipv6Prefix: number;
}

/** The client that an address belongs to; an address that cannot be read is a client of its own. */
export function clientKey(text: string, width: ClientWidth): string {
  const address = readAddress(text);
  if (address === undefined) return text;
  const prefix = address.family === "ipv4" ? width.ipv4Prefix : width.ipv6Prefix;
  return `${address.family} ${prefixKey(address, prefix)}`;
}

/** `value` of `width` bits with all but the first `bits` cleared. */
function masked(value: number, bits: number, width: number): number {
  const step = 2 ** (width - bits);
  return value - (value % step);
}
