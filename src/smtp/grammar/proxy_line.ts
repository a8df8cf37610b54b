import type { Bytes } from "../../base/mod.ts";
import { formatIpv6, parseIpv4, parseIpv6, unmapped } from "../../mail/mod.ts";
import type { ProxyFault, ProxyHeader } from "./proxy_header.ts";

/** Reads a header of version 1 with its line end; it begins with "PROXY ". */
export function parseProxyLine(octets: Bytes): ProxyHeader | ProxyFault {
  const line = Buffer.from(octets.subarray(0, -2)).toString("latin1");
  if (octets[octets.length - 2] !== CR || line.includes("\r")) return fault("the line does not end in CRLF");
  const [, family = "", ...fields] = line.split(" ");
  // What stands behind UNKNOWN is to be ignored.
  if (family === "UNKNOWN") return { kind: "untold" };
  const read = READERS.get(family);
  if (read === undefined) return fault("the family is none of TCP4, TCP6 and UNKNOWN");
  const [source = "", target = "", sourcePort = "", targetPort = "", ...more] = fields;
  const address = read(source);
  const port = portOf(sourcePort);
  const complete = more.length === 0 && read(target) !== undefined && portOf(targetPort) !== undefined;
  if (address === undefined || port === undefined || !complete) return fault("the addresses or ports are malformed");
  return { kind: "told", address, port };
}

/** One spelling only: what a leading zero means is disputed. */
function ipv4(text: string): string | undefined {
  return parseIpv4(text)?.join(".") === text ? text : undefined;
}

function ipv6(text: string): string | undefined {
  const groups = parseIpv6(text);
  return groups === undefined ? undefined : addressOf(groups);
}

/** An IPv6 address as text; an IPv4-mapped one is IPv4. */
export function addressOf(groups: readonly number[]): string {
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (!mapped) return unmapped(formatIpv6(groups));
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join(".");
}

function portOf(text: string): number | undefined {
  return PORT.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

function fault(text: string): ProxyFault {
  return { kind: "fault", text };
}

/** With CRLF. */
export const PROXY_LINE_LONGEST = 107;
const READERS: ReadonlyMap<string, (text: string) => string | undefined> = new Map([
  ["TCP4", ipv4],
  ["TCP6", ipv6],
]);
const PORT = /^(?:0|[1-9]\d{0,4})$/;
const CR = 13;
