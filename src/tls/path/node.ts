import { createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { keyFault } from "../x509/algorithms.ts";
import type { Certificate } from "../x509/certificate.ts";

/** How much more work one verification may cost. */
export interface Budget {
  signatures: number;
  visits: number;
  judgements: number;
}

/** A certificate of the pool from which a path is built. */
export interface Node {
  readonly certificate: Certificate;
  /** Verdicts on its signature, by the key (in hexadecimal) that was tried. */
  readonly tried: Map<string, boolean>;
}

export function makeNode(certificate: Certificate): Node {
  return { certificate, tried: new Map() };
}

/** Whether the node's signature is one by this key; each pair is computed once, and none when the budget is used up. */
export function signedBy(node: Node, spki: Uint8Array, budget: Budget): boolean {
  const key = Buffer.from(spki).toString("hex");
  const known = node.tried.get(key);
  if (known !== undefined) return known;
  if (budget.signatures === 0) return false;
  budget.signatures--;
  const verdict = verifies(node.certificate.outline.der, spki);
  node.tried.set(key, verdict);
  return verdict;
}

function verifies(der: Uint8Array, spki: Uint8Array): boolean {
  // A weak key is told of when the path is judged.
  if (keyFault(spki)?.kind === "unusable") return false;
  try {
    return new X509Certificate(der).verify(keyOf(spki));
  } catch {
    // OpenSSL cannot read the key or the certificate.
    return false;
  }
}

function keyOf(spki: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
}
