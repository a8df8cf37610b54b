export interface TransmissionFacts {
  readonly tls?: unknown;
  readonly authenticated: boolean;
  readonly smtpUtf8: boolean;
}

/**
 * The `with` value for a session (RFC 3848 §1, RFC 6531 §4.3). HELO has no form for TLS or AUTH: it stays SMTP, the tls
 * clause tells of TLS, and `authUnsaid` asks for a comment about AUTH.
 */
export function transmissionType(
  verb: "HELO" | "EHLO" | "LHLO",
  facts: TransmissionFacts,
): { readonly value: string; readonly authUnsaid: boolean } {
  if (verb === "HELO") return { value: "SMTP", authUnsaid: facts.authenticated };
  const suffix = `${facts.tls === undefined ? "" : "S"}${facts.authenticated ? "A" : ""}`;
  const plain = verb === "LHLO" ? "LMTP" : "ESMTP";
  const utf8 = verb === "LHLO" ? "UTF8LMTP" : "UTF8SMTP";
  return { value: `${facts.smtpUtf8 ? utf8 : plain}${suffix}`, authUnsaid: false };
}
