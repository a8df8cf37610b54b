import { err, ok, type Result } from "../../base/mod.ts";
import { type Domain, isLiteral, literalAddress, type MailHost, parseDomain, parseMailHost } from "../../mail/mod.ts";

/** A next hop, as Postfix writes the key of `smtp_tls_policy_maps`. */
export type NextHop =
  /** `pine.example`, `pine.example:587`: its hosts are looked up. */
  | { readonly kind: "domain"; readonly domain: Domain; readonly port?: number }
  /** `[mx.pine.example]`, `[192.0.2.1]:587`: that host and no other; `host` is a name or an address without brackets. */
  | { readonly kind: "host"; readonly named: MailHost; readonly host: string; readonly port?: number }
  /** `.pine.example`, which Postfix asks for after `mx.pine.example`, and the path of a socket. */
  | { readonly kind: "other" };

/** Parses a key; the error says what cannot be read. Names come out in A-label form, in lower case. */
export function parseNextHop(key: string): Result<NextHop, string> {
  if (key.startsWith(".") || key.startsWith("/")) return ok({ kind: "other" });
  const close = key.startsWith("[") ? key.indexOf("]") : -1;
  const colon = close < 0 ? key.lastIndexOf(":") : key.indexOf(":", close);
  const end = colon < 0 ? key.length : colon;
  const port = colon < 0 ? ok(undefined) : portOf(key.slice(colon + 1));
  if (!port.ok) return port;
  const at = port.value === undefined ? {} : { port: port.value };
  const name = key.slice(0, end);
  if (close < 0) {
    const domain = parseDomain(name, { utf8: true, trailingDot: true });
    return domain.ok ? ok({ kind: "domain", domain: domain.value, ...at }) : err(domain.error.detail);
  }
  if (close !== end - 1) return err(`${JSON.stringify(key)} goes on after its bracket`);
  const host = bracketed(name);
  return host.ok ? ok({ kind: "host", ...host.value, ...at }) : host;
}

/** The one spelling of a next hop, for caches and logs. */
export function formatNextHop(hop: Exclude<NextHop, { readonly kind: "other" }>): string {
  const name = hop.kind === "domain" ? hop.domain : isLiteral(hop.named) ? hop.named : `[${hop.named}]`;
  return hop.port === undefined ? name : `${name}:${hop.port}`;
}

/** Postfix takes IPv6 addresses with and without their tag. */
function bracketed(text: string): Result<{ readonly named: MailHost; readonly host: string }, string> {
  const inner = text.slice(1, -1);
  const untagged = inner.includes(":") && !IPV6_TAG.test(inner) ? `[IPv6:${inner}]` : text;
  const literal = parseMailHost(untagged);
  if (literal.ok && isLiteral(literal.value)) {
    const host = literalAddress(literal.value);
    return host === undefined ? err(`${text} holds no address`) : ok({ named: literal.value, host });
  }
  const name = parseDomain(inner, { utf8: true, trailingDot: true });
  return name.ok ? ok({ named: name.value, host: name.value }) : err(name.error.detail);
}

function portOf(text: string): Result<number, string> {
  const known = SERVICES.get(text.toLowerCase());
  if (known !== undefined) return ok(known);
  const port = DIGITS.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? ok(port) : err(`${JSON.stringify(text)} is no port`);
}

const IPV6_TAG = /^IPv6:/i;
const DIGITS = /^\d{1,5}$/;
/** The names that transport maps use. */
const SERVICES: ReadonlyMap<string, number> = new Map([
  ["smtp", 25],
  ["submission", 587],
  ["submissions", 465],
  ["smtps", 465],
]);
