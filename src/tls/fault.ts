import type { DaneFault } from "./dane/verify.ts";

/** What is wrong with a chain that the library judged, named as TLS reports do (RFC 8460 §4.3). */
export interface ChainFault {
  readonly result: Extract<
    DaneFault["result"],
    "certificate-expired" | "certificate-not-trusted" | "validation-failure"
  >;
  /** One clause for people. */
  readonly detail: string;
}

/** Names the verdict of `Handshake.chainError`. A code that is not known here stays one, never trust. */
export function chainFault(chainError: string): ChainFault {
  if (chainError === "CERT_HAS_EXPIRED") return { result: "certificate-expired", detail: "a certificate has expired" };
  const detail = UNTRUSTED.get(chainError);
  if (detail !== undefined) return { result: "certificate-not-trusted", detail };
  return { result: "validation-failure", detail: `the chain cannot be verified: ${chainError}` };
}

/** Verdicts of OpenSSL about a chain, as Node.js spells them. */
const UNTRUSTED: ReadonlyMap<string, string> = new Map([
  ["UNABLE_TO_GET_ISSUER_CERT", "the issuer of a certificate is missing"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "the chain does not lead to a trusted root"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "the issuer of the certificate is missing"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "the certificate is self-signed"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "the root of the chain is not trusted"],
  ["CERT_SIGNATURE_FAILURE", "a signature in the chain is wrong"],
  ["UNABLE_TO_DECRYPT_CERT_SIGNATURE", "a signature in the chain is malformed"],
  ["UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY", "the key of an issuer cannot be read"],
  ["CERT_NOT_YET_VALID", "a certificate is not valid yet"],
  ["CERT_CHAIN_TOO_LONG", "the chain is too long"],
  ["CERT_REVOKED", "a certificate is revoked"],
  ["INVALID_CA", "a certificate in the chain is not one of a CA"],
  ["PATH_LENGTH_EXCEEDED", "the chain has more CAs than one of them allows"],
  ["INVALID_PURPOSE", "a certificate is not for TLS servers"],
  ["CERT_UNTRUSTED", "the root is not trusted for TLS servers"],
  // Node.js has no word for broken name constraints, weak keys and other rules of chains.
  ["UNSPECIFIED", "the chain breaks a rule"],
  ["CERT_REJECTED", "the root is rejected for TLS servers"],
]);
