import { createPublicKey } from "node:crypto";
import { concat } from "../../src/base/mod.ts";
import type { AlgorithmPolicy, Verifier } from "../../src/dns/dnssec/algorithms.ts";
import { hashOf, rsaVerifier, standardAlgorithms, verifierFor } from "../../src/dns/dnssec/algorithms.ts";

/**
 * The algorithms of the scripts' time on top of today's: DSA and RSA with SHA-1, SHA-1 digests. `faked` accepts every
 * signature of these, as `fake-sha1: yes` asks; without it each is really checked.
 */
export function legacyAlgorithms(faked: boolean): AlgorithmPolicy {
  return {
    signature(algorithm) {
      const old = LEGACY.get(algorithm);
      if (old === undefined) return standardAlgorithms.signature(algorithm);
      return faked ? () => () => true : old;
    },
    digest: (type) => (type === 1 ? hashOf("sha1") : standardAlgorithms.digest(type)),
  };
}

/** RFC 2536 §2, §3: T, Q, P, G, Y; a signature is T, R, S. */
function dsaVerifier(publicKey: Uint8Array): Verifier | undefined {
  const length = 64 + (publicKey[0] ?? 0) * 8;
  if (publicKey.length !== 21 + 3 * length) return undefined;
  const part = (index: number): Uint8Array => publicKey.subarray(21 + index * length, 21 + (index + 1) * length);
  const parameters = der(0x30, concat([part(0), publicKey.subarray(1, 21), part(1)].map(derInteger)));
  const algorithm = der(0x30, concat([DSA_OID, parameters]));
  const y = der(0x03, concat([Uint8Array.of(0), derInteger(part(2))]));
  const spki = Buffer.from(der(0x30, concat([algorithm, y])));
  const check = verifierFor("sha1", () => createPublicKey({ key: spki, format: "der", type: "spki" }));
  return (
    check && ((data, signature) => check(data, signature[0] === 0x30 ? fromDer(signature) : signature.subarray(1)))
  );
}

/** R and S of a signature in DER, which the signer of many scripts wrote instead of T, R, S. */
function fromDer(signature: Uint8Array): Uint8Array {
  const end = 4 + (signature[3] ?? 0);
  const fixed = (integer: Uint8Array): Uint8Array => {
    const octets = new Uint8Array(20);
    const tail = integer.subarray(-20);
    octets.set(tail, 20 - tail.length);
    return octets;
  };
  return concat([
    fixed(signature.subarray(4, end)),
    fixed(signature.subarray(end + 2, end + 2 + (signature[end + 1] ?? 0))),
  ]);
}

function der(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  const size = length < 128 ? [length] : [0x82, length >> 8, length & 255];
  return concat([Uint8Array.of(tag, ...size), content]);
}

function derInteger(octets: Uint8Array): Uint8Array {
  let at = 0;
  while (at < octets.length - 1 && octets[at] === 0) at++;
  const trimmed = octets.subarray(at);
  return der(2, (trimmed[0] ?? 0) > 127 ? concat([Uint8Array.of(0), trimmed]) : trimmed);
}

const DSA_OID = Uint8Array.of(0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01);
const LEGACY: ReadonlyMap<number, (publicKey: Uint8Array) => Verifier | undefined> = new Map([
  [3, dsaVerifier],
  [5, rsaVerifier("sha1")],
  [6, dsaVerifier],
  [7, rsaVerifier("sha1")],
]);
