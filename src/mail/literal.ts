import { type Branded, err, ok, type Result } from "../base/mod.ts";
import { formatIpv6, parseIpv4, parseIpv6 } from "./ip.ts";

/**
 * An address literal in its one canonical spelling: `[192.0.2.1]`, `[IPv6:2001:db8::1]` or `[tag:text]`
 * (RFC 5321 §4.1.3). Being a string beginning with "[", it never equals a `Domain`.
 */
export type AddressLiteral = Branded<string, "AddressLiteral">;

/** Parses an address literal with its brackets (RFC 5321 §4.1.3). */
export function parseAddressLiteral(text: string): Result<AddressLiteral, string> {
  if (!text.startsWith("[") || !text.endsWith("]")) return err("an address literal stands in square brackets");
  const inner = text.slice(1, -1);
  const v4 = parseIpv4(inner);
  if (v4 !== undefined) return ok(`[${v4.join(".")}]` as AddressLiteral);
  if (IPV6_TAG.test(inner)) {
    const v6 = parseIpv6(inner.slice(5));
    return v6 === undefined ? err(`${text} holds no IPv6 address`) : ok(`[IPv6:${formatIpv6(v6)}]` as AddressLiteral);
  }
  return GENERAL.test(inner) && inner.length <= LONGEST_GENERAL
    ? ok(text as AddressLiteral)
    : err(`${JSON.stringify(text)} is no address literal`);
}

/** The literal for an address as sockets print it (`::ffff:` forms become IPv4). */
export function literalOf(address: string): AddressLiteral {
  const v4 = parseIpv4(unmapped(address));
  if (v4 !== undefined) return `[${v4.join(".")}]` as AddressLiteral;
  const v6 = parseIpv6(address.split("%", 1)[0] ?? "");
  return (v6 === undefined ? `[IPv6:::]` : `[IPv6:${formatIpv6(v6)}]`) as AddressLiteral;
}

/** The IP address inside, or undefined for a general literal. */
export function literalAddress(literal: AddressLiteral): string | undefined {
  const inner = literal.slice(1, -1);
  if (IPV6_TAG.test(inner)) return inner.slice(5);
  return parseIpv4(inner) === undefined ? undefined : inner;
}

/** Turns an IPv4-mapped IPv6 address as sockets print it into plain IPv4; others pass through. */
export function unmapped(address: string): string {
  return MAPPED.test(address) ? address.slice(7) : address;
}

const IPV6_TAG = /^IPv6:/i;
const MAPPED = /^::ffff:\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i;
const GENERAL = /^[A-Za-z0-9-]*[A-Za-z0-9]:[\x21-\x5a\x5e-\x7e]+$/;
const LONGEST_GENERAL = 253;
