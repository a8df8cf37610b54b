import { BlockList } from "node:net";
import { err, ok, type Result } from "../base/mod.ts";
import { formatIpv6, parseIpv4, parseIpv6, unmapped } from "../mail/mod.ts";

/** A CIDR block. */
export interface Network {
  readonly address: string;
  readonly family: "ipv4" | "ipv6";
  readonly prefix: number;
}

/** "127.0.0.0/8", "::1/128" or a single address. IPv4-mapped IPv6 blocks become the IPv4 blocks that they are. */
export function parseNetwork(text: string): Result<Network, string> {
  const [address = "", length, ...more] = text.split("/");
  const v4 = parseIpv4(address);
  const v6 = parseIpv6(address);
  const longest = v4 === undefined ? 128 : 32;
  const prefix = length === undefined ? longest : PREFIX.test(length) ? Number(length) : Infinity;
  if (more.length > 0 || prefix > longest || (v4 === undefined && v6 === undefined)) {
    return err(`${JSON.stringify(text)} is no network; write e.g. "192.0.2.0/24" or "2001:db8::/32"`);
  }
  if (v4 !== undefined) return ok({ address: v4.join("."), family: "ipv4", prefix });
  return ok(v6Network(v6 ?? [], prefix));
}

/** `::ffff:0:0/96` is the whole of IPv4. */
function v6Network(groups: readonly number[], prefix: number): Network {
  const mapped = prefix >= 96 && groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (!mapped) return { address: formatIpv6(groups), family: "ipv6", prefix };
  const octets = groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]);
  return { address: octets.join("."), family: "ipv4", prefix: prefix - 96 };
}

/** A test for membership; IPv4-mapped addresses count as IPv4, and an IPv4 address is in no IPv6 block. */
export function networkSet(networks: readonly Network[]): (address: string) => boolean {
  // One list for both would hold every IPv4 client by an entry such as "::/48", which covers their mapped form.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const network of networks) lists[network.family].addSubnet(network.address, network.prefix, network.family);
  return (address) => {
    const plain = unmapped(address);
    const family = plain.includes(":") ? "ipv6" : "ipv4";
    return lists[family].check(plain, family);
  };
}

/** Whether the block is wide, and not wholly inside loopback, private or link-local space (RFC 6890). */
export function holdsStrangers(network: Network): boolean {
  if (LOCAL_SPACE.some((local) => holds(local, network))) return false;
  if (network.family === "ipv4") return network.prefix < WIDEST_IPV4;
  return network.prefix < (holds(TRANSLATED, network) ? 96 + WIDEST_IPV4 : WIDEST_IPV6);
}

function holds(outer: Network, inner: Network): boolean {
  return outer.family === inner.family && outer.prefix <= inner.prefix && networkSet([outer])(inner.address);
}

const PREFIX = /^\d{1,3}$/;
/** Wider public networks than these hold strangers. */
const WIDEST_IPV4 = 24;
const WIDEST_IPV6 = 48;
/** Blocks of address translators: the last 32 bits are the IPv4 addresses of anybody. */
const TRANSLATED: Network = { address: "64:ff9b::", family: "ipv6", prefix: 32 };
const LOCAL_SPACE: readonly Network[] = [
  { address: "127.0.0.0", family: "ipv4", prefix: 8 },
  { address: "10.0.0.0", family: "ipv4", prefix: 8 },
  { address: "172.16.0.0", family: "ipv4", prefix: 12 },
  { address: "192.168.0.0", family: "ipv4", prefix: 16 },
  { address: "169.254.0.0", family: "ipv4", prefix: 16 },
  { address: "::1", family: "ipv6", prefix: 128 },
  { address: "fc00::", family: "ipv6", prefix: 7 },
  { address: "fe80::", family: "ipv6", prefix: 10 },
];
