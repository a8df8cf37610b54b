import { parseIpv4, parseIpv6 } from "../../mail/mod.ts";
import { readAddress } from "../parse/address.ts";

/** Tells our hosts from others. */
export interface Ours {
  readonly empty: boolean;
  hasName(name: string | undefined): boolean;
  hasIp(ip: string | undefined): boolean;
}

/** Reads names, ".domain", addresses with or without brackets, and networks; entries that are none of these are names. */
export function readOurs(entries: readonly string[]): Ours {
  const names = new Set<string>();
  const suffixes: string[] = [];
  const ips = new Set<string>();
  const networks: { bits: readonly number[]; length: number }[] = [];
  for (const entry of entries) {
    const text = entry.trim().toLowerCase();
    const network = NETWORK.exec(text);
    const address = readAddress(text.replace(BRACKETS, ""));
    if (address !== undefined) ips.add(address.ip);
    else if (network !== null) networks.push({ bits: bitsOf(network[1] ?? ""), length: Number(network[2]) });
    else if (text.startsWith(".")) suffixes.push(text);
    else if (text !== "") names.add(bareName(text));
  }
  return {
    empty: entries.length === 0,
    hasName(name) {
      const bare = name === undefined ? "" : bareName(name);
      return bare !== "" && (names.has(bare) || suffixes.some((suffix) => bare.endsWith(suffix)));
    },
    hasIp(ip) {
      if (ip === undefined) return false;
      if (ips.has(ip)) return true;
      const bits = bitsOf(ip);
      return networks.some((one) => matches(bits, one));
    },
  };
}

/** Lower case, without the dot at the end. */
export function bareName(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
}

function matches(bits: readonly number[], network: { bits: readonly number[]; length: number }): boolean {
  if (bits.length === 0 || bits.length !== network.bits.length || network.length > bits.length) return false;
  for (let at = 0; at < network.length; at++) if (bits[at] !== network.bits[at]) return false;
  return true;
}

function bitsOf(ip: string): number[] {
  const v4 = parseIpv4(ip);
  const groups = v4 ?? parseIpv6(ip) ?? [];
  const width = v4 === undefined ? 16 : 8;
  return groups.flatMap((group) => Array.from({ length: width }, (_, at) => (group >> (width - 1 - at)) & 1));
}

const BRACKETS = /^\[|\]$/g;
const NETWORK = /^([0-9a-f.:]+)\/(\d{1,3})$/;
