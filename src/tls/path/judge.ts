import type { Instant } from "../../base/mod.ts";
import { keyFault, signatureFault } from "../x509/algorithms.ts";
import type { Certificate } from "../x509/certificate.ts";
import { SERVER_AUTH } from "../x509/extensions.ts";
import { constraintsFault, isSelfIssued } from "./constraints.ts";
import { matchesIdentity } from "./identity.ts";

/** What a path must prove. */
export interface Wanted {
  readonly names: readonly string[];
  readonly now: Instant;
}

export interface PathFault {
  readonly result: "certificate-host-mismatch" | "certificate-expired" | "certificate-not-trusted";
  /** One clause for people. */
  readonly detail: string;
}

/**
 * Judges a path whose signatures hold (RFC 5280 §6.1): leaf first, last the trust anchor's certificate, or, when only
 * the anchor's key is known, the topmost below it. What is wrong, or undefined; chain before dates before names.
 */
export function pathFault(path: readonly Certificate[], anchored: boolean, wanted: Wanted): PathFault | undefined {
  for (const [depth, certificate] of path.entries()) {
    const anchor = anchored && depth === path.length - 1;
    const detail = depth === 0 ? leafFault(certificate) : issuerFault(certificate, path.slice(1, depth), anchor);
    // RFC 7671 §10.3: what the anchor is signed with does not matter.
    const weak =
      keyFault(certificate.outline.spki)?.detail ??
      (anchor ? undefined : signatureFault(certificate.outline.signatureAlgorithm));
    const told = detail ?? generalFault(certificate) ?? weak;
    if (told !== undefined) return { result: "certificate-not-trusted", detail: `${WHERE(depth)}: ${told}` };
  }
  const constrained = constraintsFault(path);
  if (constrained !== undefined) return { result: "certificate-not-trusted", detail: constrained };
  for (const [depth, { notBefore, notAfter }] of path.entries()) {
    if (wanted.now > notAfter) {
      return { result: "certificate-expired", detail: `${WHERE(depth)}: it expired on ${day(notAfter)}` };
    }
    if (wanted.now < notBefore) {
      return { result: "certificate-not-trusted", detail: `${WHERE(depth)}: it is not valid before ${day(notBefore)}` };
    }
  }
  const [leaf] = path;
  if (leaf !== undefined && matchesIdentity(leaf, wanted.names)) return undefined;
  return { result: "certificate-host-mismatch", detail: `the certificate is not for ${wanted.names.join(" or ")}` };
}

function leafFault({ usage }: Certificate): string | undefined {
  return usage !== undefined && !usage.tls ? "its key is not for TLS" : undefined;
}

function issuerFault(certificate: Certificate, between: readonly Certificate[], anchor: boolean): string | undefined {
  const { basic, usage, outline, subject } = certificate;
  // RFC 5280 §4.1.2.6
  if (subject.rdns.length === 0) return "it has no name";
  // RFC 5280 §6.1.4: a certificate of version 1 is a CA when something else says so, as a TLSA record does.
  if (basic?.ca !== true && !(anchor && outline.version === 1)) return "it is not a CA";
  if (usage !== undefined && !usage.certSign) return "its key is not for signing certificates";
  const below = between.filter((one) => !isSelfIssued(one)).length;
  // RFC 5280 §4.2.1.9
  return basic?.pathLength !== undefined && below > basic.pathLength ? "too many CAs are below it" : undefined;
}

function generalFault({ beyondUs, purposes }: Certificate): string | undefined {
  // RFC 5280 §4.2
  if (beyondUs) return "it has a critical extension that cannot be processed";
  // RFC 5280 §4.2.1.12: a certificate with anyExtendedKeyUsage alone may be refused, and is.
  return purposes !== undefined && !purposes.includes(SERVER_AUTH) ? "it is not for TLS servers" : undefined;
}

function day(instant: Instant): string {
  return new Date(instant).toISOString().slice(0, 10);
}

const WHERE = (depth: number): string => (depth === 0 ? "the certificate" : `the CA certificate at depth ${depth}`);
