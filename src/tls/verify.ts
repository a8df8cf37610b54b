import { createHash } from "node:crypto";
import { equalBytes } from "../base/mod.ts";
import type { Handshake } from "./session.ts";
import { outlineOf } from "./x509/outline.ts";

/** Whether the library built a path from the leaf to a configured root, in time and for a server; names are not considered. */
export function chainTrusted(handshake: Handshake): boolean {
  return handshake.chain.length > 0 && handshake.chainError === undefined;
}

/** Whether the leaf or its public key has this digest. A certificate that cannot be read matches no pin. */
export function matchesPin(
  leaf: Uint8Array,
  pin: { readonly of: "certificate" | "spki"; readonly sha256: Uint8Array },
): boolean {
  const digest = pin.of === "certificate" ? certificateSha256(leaf) : spkiSha256(leaf);
  return digest !== undefined && equalBytes(digest, pin.sha256);
}

export function certificateSha256(der: Uint8Array): Uint8Array {
  return sha256(der);
}

/** SHA-256 of the SubjectPublicKeyInfo as it stands in the certificate; undefined when that is malformed. */
export function spkiSha256(der: Uint8Array): Uint8Array | undefined {
  const outline = outlineOf(der);
  return outline.ok ? sha256(outline.value.spki) : undefined;
}

function sha256(octets: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(octets).digest());
}
