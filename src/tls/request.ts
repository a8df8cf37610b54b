import { err, ok, type Result } from "../base/mod.ts";
import { derChildren, derSequence } from "./der.ts";
import { publicKeyOf } from "./x509/outline.ts";

/** The SubjectPublicKeyInfo of a certificate request (PKCS #10, DER) as it stands there; its signature is not judged. */
export function requestSpki(der: Uint8Array): Result<Uint8Array, string> {
  const [info, algorithm, signature, ...rest] = derSequence(der) ?? [];
  if (info?.tag !== SEQUENCE || algorithm?.tag !== SEQUENCE || signature?.tag !== BIT_STRING || rest.length > 0) {
    return err("the request is not a body, an algorithm and a signature");
  }
  const [version, subject, key] = derChildren(der, info) ?? [];
  if (version?.tag !== INTEGER || subject?.tag !== SEQUENCE || key?.tag !== SEQUENCE) {
    return err("the request has no public key");
  }
  const spki = der.subarray(key.start, key.end);
  return publicKeyOf(spki) === undefined ? err("the public key of the request is malformed") : ok(spki);
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
