import { BlockList } from "node:net";
import { err, ok, type Result } from "../base/mod.ts";
import { parseIpv4, parseIpv6, unmapped } from "../mail/mod.ts";

/** A CIDR block. */
export interface Network {
  readonly address: string;
  readonly family: "ipv4" | "ipv6";
  readonly prefix: number;
}

/** "127.0.0.0/8", "::1/128" or a single address. */
export function parseNetwork(text: string): Result<Network, string> {
  const [address = "", length, ...more] = text.split("/");
  const family = parseIpv4(address) !== undefined ? "ipv4" : parseIpv6(address) !== undefined ? "ipv6" : undefined;
  const longest = family === "ipv4" ? 32 : 128;
  const prefix = length === undefined ? longest : Number(length);
  if (
    family === undefined ||
    more.length > 0 ||
    !Number.isInteger(prefix) ||
    prefix < 0 ||
    prefix > longest ||
    length === ""
  ) {
    return err(`${JSON.stringify(text)} is no network; write e.g. "192.0.2.0/24" or "2001:db8::/32"`);
  }
  return ok({ address, family, prefix });
}

/** A test for membership; IPv4-mapped addresses count as IPv4. */
export function networkSet(networks: readonly Network[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of networks) list.addSubnet(network.address, network.prefix, network.family);
  return (address) => {
    const plain = unmapped(address);
    return list.check(plain, plain.includes(":") ? "ipv6" : "ipv4");
  };
}

/** Whether strangers' addresses may be in it: not wholly inside loopback, private or link-local space (RFC 6890). */
export function reachesStrangers(network: Network): boolean {
  return !LOCAL_SPACE.some(
    (local) =>
      local.family === network.family && local.prefix <= network.prefix && networkSet([local])(network.address),
  );
}

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
