import { getServers } from "node:dns";
import { isIP } from "node:net";
import type { Result } from "../../base/mod.ts";
import { err, ok } from "../../base/mod.ts";

/** A recursive resolver that we ask. */
export interface DnsServer {
  /** Textual IP address. */
  readonly address: string;
  readonly port: number;
  /** DNS over TLS: the name that its certificate must carry, and its authorities when not the system's. */
  // RFC 7858 §3.1, RFC 8310 §8
  readonly tls?: { readonly name: string; readonly ca?: string };
}

/** Reads `ADDRESS`, `ADDRESS:PORT` or `[ADDRESS6]:PORT`. A host name is none: asking for it would need a resolver. */
export function parseServer(text: string, defaultPort: number = DNS_PORT): Result<DnsServer, string> {
  const { host, port } = splitPort(text.trim());
  if (isIP(host.split("%", 1)[0] ?? "") === 0) return err(`"${text}" is no IP address with an optional port`);
  const number = port === undefined ? defaultPort : Number(port);
  if (!/^\d{1,5}$/.test(String(number)) || number < 1 || number > 65535) return err(`"${text}" has no valid port`);
  return ok({ address: host, port: number });
}

/** The servers of the system (resolv.conf); empty when it has none. */
export function systemServers(): readonly DnsServer[] {
  const servers: DnsServer[] = [];
  for (const text of getServers()) {
    const parsed = parseServer(text);
    if (parsed.ok) servers.push(parsed.value);
  }
  return servers;
}

/** Whether nothing but this machine lies between us and the address. */
export function isLoopback(address: string): boolean {
  if (isIP(address) === 4) return address.startsWith("127.");
  const plain = address.toLowerCase();
  return isIP(plain) === 6 && (plain === "::1" || MAPPED_LOOPBACK.test(plain) || LONG_LOOPBACK.test(plain));
}

export function serverText(server: DnsServer): string {
  const host = server.address.includes(":") ? `[${server.address}]` : server.address;
  return server.tls === undefined ? `${host}:${server.port}` : `${host}:${server.port} (TLS, ${server.tls.name})`;
}

function splitPort(text: string): { readonly host: string; readonly port?: string } {
  if (text.startsWith("[")) {
    const close = text.indexOf("]");
    const host = text.slice(1, close < 0 ? undefined : close);
    const rest = close < 0 ? "x" : text.slice(close + 1);
    if (rest === "") return { host };
    return { host, port: rest.startsWith(":") ? rest.slice(1) : "none" };
  }
  const colon = text.indexOf(":");
  if (colon < 0 || text.includes(":", colon + 1)) return { host: text };
  return { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

export const DNS_PORT = 53;
/** DNS over TLS (RFC 7858 §3.1). */
export const DNS_TLS_PORT = 853;
const MAPPED_LOOPBACK = /^::ffff:127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;
const LONG_LOOPBACK = /^(?:0{1,4}:){7}0{0,3}1$/;
