import type { KeyObject } from "node:crypto";
import { createHash, createPublicKey, verify } from "node:crypto";
import type { Bytes } from "../../base/mod.ts";
import { concat } from "../../base/mod.ts";

/** Checks one signature over `data`; never throws. */
export type Verifier = (data: Bytes, signature: Bytes) => boolean;

/**
 * Which algorithms count. A zone all of whose algorithms are unsupported is insecure, not bogus (RFC 4035 §5.2), so
 * adding to a policy can turn insecure into secure or bogus, and never the other way.
 */
export interface AlgorithmPolicy {
  /** How signatures of this algorithm are checked; undefined when it is unsupported. */
  signature(algorithm: number): ((publicKey: Bytes) => Verifier | undefined) | undefined;
  /** How a DS digest of this type is made; undefined when it is unsupported. */
  digest(digestType: number): ((data: Bytes) => Bytes) | undefined;
}

/** The algorithms that may be relied on today; SHA-1, DSA and GOST are unsupported. */
// RFC 8624 §3.1, §3.3
export const standardAlgorithms: AlgorithmPolicy = {
  signature: (algorithm) => SIGNATURES.get(algorithm),
  digest: (digestType) => DIGESTS.get(digestType),
};

/** RSA with PKCS #1 v1.5 in the key form of RFC 3110 §2. */
export function rsaVerifier(hash: string): (publicKey: Bytes) => Verifier | undefined {
  return (publicKey) => {
    const long = publicKey[0] === 0;
    const at = long ? 3 : 1;
    const length = long ? ((publicKey[1] ?? 0) << 8) | (publicKey[2] ?? 0) : (publicKey[0] ?? 0);
    const exponent = publicKey.subarray(at, at + length);
    const modulus = publicKey.subarray(at + length);
    // RFC 5702 §2: moduli up to 4096 bits; longer ones only cost time
    if (length === 0 || length > MOST_EXPONENT_OCTETS || modulus.length < 64 || modulus.length > 512) return undefined;
    const jwk = { kty: "RSA", n: base64Url(modulus), e: base64Url(exponent) };
    return verifierFor(hash, () => createPublicKey({ key: jwk, format: "jwk" }));
  };
}

function ecdsaVerifier(curve: string, octets: number, hash: string): (publicKey: Bytes) => Verifier | undefined {
  return (publicKey) => {
    if (publicKey.length !== octets * 2) return undefined;
    const jwk = {
      kty: "EC",
      crv: curve,
      x: base64Url(publicKey.subarray(0, octets)),
      y: base64Url(publicKey.subarray(octets)),
    };
    const check = verifierFor(hash, () => createPublicKey({ key: jwk, format: "jwk" }));
    return check && ((data, signature) => signature.length === octets * 2 && check(data, signature));
  };
}

function edwardsVerifier(curve: string, octets: number): (publicKey: Bytes) => Verifier | undefined {
  return (publicKey) => {
    if (publicKey.length !== octets) return undefined;
    const jwk = { kty: "OKP", crv: curve, x: base64Url(publicKey) };
    return verifierFor(null, () => createPublicKey({ key: jwk, format: "jwk" }));
  };
}

/** A verifier from a key that may turn out not to be one. */
export function verifierFor(hash: string | null, makeKey: () => KeyObject): Verifier | undefined {
  let key: KeyObject;
  try {
    key = makeKey();
  } catch {
    return undefined;
  }
  return (data, signature) => {
    try {
      return verify(hash, data, { key, dsaEncoding: "ieee-p1363" }, signature);
    } catch {
      return false;
    }
  };
}

export function hashOf(hash: string): (data: Bytes) => Bytes {
  return (data) => new Uint8Array(createHash(hash).update(data).digest());
}

function base64Url(octets: Bytes): string {
  return Buffer.from(concat([octets])).toString("base64url");
}

const SIGNATURES: ReadonlyMap<number, (publicKey: Bytes) => Verifier | undefined> = new Map([
  // RFC 5702 §2
  [8, rsaVerifier("sha256")],
  [10, rsaVerifier("sha512")],
  // RFC 6605 §4
  [13, ecdsaVerifier("P-256", 32, "sha256")],
  [14, ecdsaVerifier("P-384", 48, "sha384")],
  // RFC 8080 §3
  [15, edwardsVerifier("Ed25519", 32)],
  [16, edwardsVerifier("Ed448", 57)],
]);
const DIGESTS: ReadonlyMap<number, (data: Bytes) => Bytes> = new Map([
  [2, hashOf("sha256")],
  [4, hashOf("sha384")],
]);
/** 2^64 and less; OpenSSL takes no longer ones for large moduli, and each bit costs time. */
const MOST_EXPONENT_OCTETS = 8;
