import { BlockList } from "node:net";
import { parseIpv6, unmapped } from "../../mail/mod.ts";

/**
 * Whether an address is one of the public Internet. What is private, local, shared, reserved or for documentation is not,
 * nor is an IPv6 address that carries such an IPv4 address (RFC 6890).
 */
export function isPublicAddress(address: string): boolean {
  const plain = unmapped(address);
  if (!plain.includes(":")) return !V4_SPECIAL.check(plain, "ipv4");
  const groups = parseIpv6(plain);
  if (groups === undefined) return false;
  if (TRANSLATED.check(plain, "ipv6")) return isPublicAddress(lastFour(groups));
  return V6_GLOBAL.check(plain, "ipv6") && !V6_SPECIAL.check(plain, "ipv6");
}

function lastFour(groups: readonly number[]): string {
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join(".");
}

function blocks(family: "ipv4" | "ipv6", networks: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of networks) list.addSubnet(address, prefix, family);
  return list;
}

const V4_SPECIAL: BlockList = blocks("ipv4", [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
]);
/** All that is assigned for global unicast. */
const V6_GLOBAL: BlockList = blocks("ipv6", [["2000::", 3]]);
const V6_SPECIAL: BlockList = blocks("ipv6", [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
]);
/** The prefix of translators: the last 32 bits are an IPv4 address. */
const TRANSLATED: BlockList = blocks("ipv6", [["64:ff9b::", 96]]);
