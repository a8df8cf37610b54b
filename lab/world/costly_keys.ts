import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import type { KeyPair } from "./mint.ts";

/** RSA of 8676 bits. Its primes are known ones, so that nobody has to search for such numbers. */
export function giantKeys(): KeyPair {
  const [p, q] = [(1n << 4423n) - 1n, (1n << 4253n) - 1n];
  const e = 65_537n;
  const d = inverse(e, (p - 1n) * (q - 1n));
  const parts = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const key = Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, base64url(value)]));
  const privateKey = createPrivateKey({ key: { kty: "RSA", ...key }, format: "jwk" });
  return { publicKey: createPublicKey(privateKey), privateKey };
}

/** A key that brings the numbers of its curve with it, instead of the name (CVE-2022-0778). */
export function explicitKeys(): KeyPair {
  return generateKeyPairSync("ec", { namedCurve: "P-256", paramEncoding: "explicit" });
}

/** By the extended algorithm of Euclid. */
function inverse(of: bigint, modulus: bigint): bigint {
  let [rest, next, own, other] = [of % modulus, modulus, 1n, 0n];
  while (next !== 0n) {
    const times = rest / next;
    [rest, next, own, other] = [next, rest - times * next, other, own - times * other];
  }
  return ((own % modulus) + modulus) % modulus;
}

function base64url(value: bigint): string {
  const digits = value.toString(16);
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), "0"), "hex").toString("base64url");
}
