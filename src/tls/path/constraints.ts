import { parseIpv4 } from "../../mail/mod.ts";
import type { Certificate } from "../x509/certificate.ts";
import { isBelow } from "../x509/directory_name.ts";
import type { GeneralName } from "../x509/general_name.ts";
import { commonNameIds } from "./identity.ts";

/**
 * Whether a path (leaf first) keeps to the name constraints of its CAs (RFC 5280 §4.2.1.10). What is wrong, or undefined.
 * Constraints upon a kind of name that nobody here can judge refuse every certificate that has such a name.
 */
export function constraintsFault(path: readonly Certificate[]): string | undefined {
  let comparisons = 0;
  for (const [depth, certificate] of path.entries()) {
    // RFC 5280 §6.1.4: a self-issued certificate is exempt, unless it is the last of the path.
    if (depth > 0 && isSelfIssued(certificate)) continue;
    const names = constrainedNames(certificate, depth === 0);
    for (const { constraints } of path.slice(depth + 1)) {
      if (constraints === undefined) continue;
      comparisons += names.length * (constraints.permitted.length + constraints.excluded.length);
      if (comparisons > MOST_COMPARISONS) return "there are too many name constraints to judge";
      for (const name of names) {
        if (constraints.excluded.some((base) => covers(base, name, "excluded")))
          return "a CA may not issue for its name";
        const permitted = constraints.permitted.filter((base) => sameKind(base, name));
        if (permitted.length > 0 && !permitted.some((base) => covers(base, name, "permitted"))) {
          return "a CA may issue for other names only";
        }
      }
    }
  }
  return undefined;
}

export function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return issuer.rdns.length === subject.rdns.length && isBelow(issuer.rdns, subject.rdns);
}

/** All names of a certificate that constraints speak about. */
function constrainedNames(certificate: Certificate, leaf: boolean): readonly GeneralName[] {
  const { subject, alternativeNames = [] } = certificate;
  const names: GeneralName[] = [...alternativeNames];
  // RFC 5280 §4.2.1.10: the subject unless it is empty, and the addresses in it.
  if (subject.rdns.length > 0) names.push({ kind: "directory", rdns: subject.rdns });
  for (const name of subject.emails) names.push({ kind: "email", name });
  // What serves as a host name is constrained as one.
  if (leaf) for (const name of commonNameIds(certificate)) names.push({ kind: "dns", name });
  return names;
}

function sameKind(base: GeneralName, name: GeneralName): boolean {
  return base.kind === name.kind && (base.kind !== "other" || name.kind !== "other" || base.tag === name.tag);
}

/** Whether a name lies in a subtree. What cannot be judged lies in every excluded subtree and in no permitted one. */
function covers(base: GeneralName, name: GeneralName, subtree: "permitted" | "excluded"): boolean {
  if (!sameKind(base, name)) return false;
  const verdict = judged(base, name, subtree);
  return verdict ?? subtree === "excluded";
}

function judged(base: GeneralName, name: GeneralName, subtree: "permitted" | "excluded"): boolean | undefined {
  if (base.kind === "dns" && name.kind === "dns") return dnsCovers(base.name, name.name, subtree);
  if (base.kind === "ip" && name.kind === "ip") return ipCovers(base.octets, name.octets);
  if (base.kind === "directory" && name.kind === "directory") return isBelow(name.rdns, base.rdns);
  return undefined;
}

function dnsCovers(constraint: string, presented: string, subtree: "permitted" | "excluded"): boolean | undefined {
  const base = constraint.toLowerCase();
  const name = presented.toLowerCase();
  const wild = name.startsWith("*.");
  const plain = wild ? name.slice(2) : name;
  if (!HOST.test(plain) || parseIpv4(plain) !== undefined) return undefined;
  if (base === "") return true;
  // A leading dot is no form of RFC 5280; where it is used, it means subdomains alone.
  const dotted = base.startsWith(".");
  if (!HOST.test(dotted ? base.slice(1) : base)) return undefined;
  if (name.endsWith(dotted ? base : `.${base}`)) return true;
  if (!dotted && name === base) return true;
  // A wildcard stands for the excluded name as well.
  return subtree === "excluded" && wild && (dotted ? base : `.${base}`).endsWith(`.${plain}`);
}

function ipCovers(base: Uint8Array, address: Uint8Array): boolean | undefined {
  const length = base.length / 2;
  if ((length !== 4 && length !== 16) || (address.length !== 4 && address.length !== 16)) return undefined;
  const mask = bitsOf(base.subarray(length));
  // RFC 5280 §4.2.1.10: the style of CIDR, ones and then zeros
  if (mask.includes("01")) return undefined;
  const prefix = bitsOf(base.subarray(0, length)).slice(0, mask.lastIndexOf("1") + 1);
  return address.length === length && bitsOf(address).startsWith(prefix);
}

function bitsOf(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(2).padStart(8, "0")).join("");
}

const MOST_COMPARISONS = 1 << 16;
const HOST = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;
