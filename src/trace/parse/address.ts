import { formatIpv6, parseIpv4, parseIpv6 } from "../../mail/mod.ts";

export interface SeenAddress {
  /** IPv4 dotted, or IPv6 as RFC 5952 writes it; IPv4-mapped addresses become IPv4. */
  readonly ip: string;
  readonly port?: number;
}

/**
 * Reads an address as mail systems write it: `1.2.3.4`, `IPv6:x`, `x`, `::ffff:1.2.3.4`, with `:port`, `.port` or
 * `%zone` behind; brackets already gone.
 */
export function readAddress(text: string): SeenAddress | undefined {
  const bare = text.trim().replace(IPV6_TAG, "");
  if (bare.length > LONGEST || bare === "") return undefined;
  const zone = bare.indexOf("%");
  const body = zone < 0 ? bare : bare.slice(0, zone);
  return readIpv4(body) ?? readIpv6(body);
}

/** Addresses that no stranger on the Internet can come from: loopback of both families. */
export function isLoopback(ip: string): boolean {
  return ip.startsWith("127.") || ip === "::1";
}

/** Private, link-local, shared and unique-local ranges (RFC 1918, RFC 6598, RFC 4193, RFC 3927). */
export function isPrivate(ip: string): boolean {
  const v4 = parseIpv4(ip);
  if (v4 === undefined) return PRIVATE_V6.test(ip);
  const [a = 0, b = 0] = v4;
  return (
    a === 10 ||
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b <= 127)
  );
}

function readIpv4(text: string): SeenAddress | undefined {
  const parts = IPV4_AND_PORT.exec(text);
  if (parts === null) return undefined;
  const octets = parseIpv4(parts[1] ?? "");
  if (octets === undefined) return undefined;
  const port = parts[2] === undefined ? undefined : Number(parts[2]);
  return port === undefined || port > 65_535 ? { ip: octets.join(".") } : { ip: octets.join("."), port };
}

function readIpv6(text: string): SeenAddress | undefined {
  if (!text.includes(":")) return undefined;
  const groups = parseIpv6(text);
  if (groups === undefined) return undefined;
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (!mapped) return { ip: formatIpv6(groups) };
  const [high = 0, low = 0] = groups.slice(6);
  return { ip: `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}` };
}

const LONGEST = 80;
const IPV6_TAG = /^IPv6:/i;
/** Without leading zeros, as version numbers have them. */
const IPV4_AND_PORT = /^((?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3})(?:[:.](\d{1,5}))?$/;
const PRIVATE_V6 = /^f(?:[cd]|e[89ab])/i;
