import "reflect-metadata";
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";

/** A self-signed certificate (DER) with these dNSName entries, for tests of what is read from one. */
export async function leafFor(...names: readonly string[]): Promise<Uint8Array> {
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const entries = names.map((value) => ({ type: "dns" as const, value }));
  const certificate = await X509CertificateGenerator.createSelfSigned({
    keys,
    name: "CN=leaf",
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: entries.length === 0 ? [] : [new SubjectAlternativeNameExtension(entries)],
  });
  return new Uint8Array(certificate.rawData);
}
