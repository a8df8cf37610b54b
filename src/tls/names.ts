import { ok, type Result } from "../base/mod.ts";
import { parseIpv4 } from "../mail/mod.ts";
import { type CertificateFields, type PeerNames, readCertificate } from "./certificate.ts";

/** The identifiers of a leaf certificate (DER). */
export function peerNames(leaf: Uint8Array): Result<PeerNames, string> {
  const fields: Result<CertificateFields, string> = readCertificate(leaf);
  return fields.ok ? ok(fields.value.names) : fields;
}

/**
 * Whether one dNSName of a certificate stands for a reference identifier (RFC 9525 §6.3). `reference` is a domain in
 * A-label form, or a pattern `*.domain` which stands for every name with one label more.
 */
export function matchesName(presented: string, reference: string): boolean {
  const name = presented.toLowerCase();
  const wanted = reference.toLowerCase();
  // Judged before letters are folded: the Kelvin sign folds to k.
  if (presented.length > LONGEST_NAME || !PRESENTABLE.test(presented)) return false;
  // RFC 9525 §6.4: an address is compared with iPAddress entries alone.
  if (parseIpv4(name) !== undefined) return false;
  if (name === wanted) return !name.startsWith("*.") || isPattern(name);
  if (name.startsWith("*.")) return isPattern(name) && !wanted.startsWith("*.") && covers(name, wanted);
  return isPattern(wanted) && covers(wanted, name);
}

/** Whether any dNSName stands for any of the reference identifiers. */
export function matchesAny(names: PeerNames, references: readonly string[]): boolean {
  return names.dns.some((presented) => references.some((reference) => matchesName(presented, reference)));
}

/** Whether an iPAddress entry equals the address; a dNSName never does (RFC 9525 §6.4). */
export function matchesAddress(names: PeerNames, address: string): boolean {
  return names.ip.includes(address);
}

/** A wildcard is the whole left-most label and stands for exactly one label. */
function covers(pattern: string, name: string): boolean {
  // RFC 9525 §6.3
  const dot = name.indexOf(".");
  return dot > 0 && name.slice(dot) === pattern.slice(1);
}

/** `*.` before at least two labels; a wildcard over a whole top-level domain is never meant. */
function isPattern(name: string): boolean {
  return name.startsWith("*.") && name.indexOf(".", 2) > 2;
}

const LONGEST_NAME = 255;
/** Host names, with the underscores that DNS allows; an asterisk only as the whole first label. */
const PRESENTABLE = /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i;
