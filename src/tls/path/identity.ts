import { matchesName } from "../names.ts";
import type { Certificate } from "../x509/certificate.ts";

/** Whether a leaf stands for one of the reference identifiers by the rules of usage DANE-TA (RFC 7672 §3.2.3). */
export function matchesIdentity(leaf: Certificate, references: readonly string[]): boolean {
  const presented = [...dnsNames(leaf), ...commonNameIds(leaf)];
  return presented.some((name) => references.some((reference) => matchesName(name, reference)));
}

/** The common names that may serve as host names: none where there is a dNSName, whatever it says. */
export function commonNameIds(leaf: Certificate): readonly string[] {
  // RFC 7672 §3.2.3
  return dnsNames(leaf).length > 0 ? [] : leaf.subject.commonNames.filter((name) => HOST_NAME.test(name));
}

export function dnsNames(leaf: Certificate): readonly string[] {
  return (leaf.alternativeNames ?? []).flatMap((name) => (name.kind === "dns" ? [name.name] : []));
}

/** What might be meant as a host's name; a company's name with spaces or a single word is not. */
const HOST_NAME = /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/i;
