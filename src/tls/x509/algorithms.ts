import { derChildren, derContent, derSequence } from "../der.ts";
import { publicKeyOf } from "./outline.ts";

/** What is wrong with a public key: too weak to rely upon, or unusable, of a kind that is unknown or slow to compute with. */
export interface KeyFault {
  readonly kind: "weak" | "unusable";
  readonly detail: string;
}

/** Whether a public key has 112 bits of security, as OpenSSL's level 2 demands; what is wrong with it, or undefined. */
export function keyFault(spki: Uint8Array): KeyFault | undefined {
  const parts = publicKeyOf(spki);
  const [kind, parameters] = parts === undefined ? [] : identifiersOf(parts.algorithm);
  if (parts === undefined || kind === undefined) return unusable("its public key is malformed");
  if (kind === RSA || kind === RSA_PSS) return rsaFault(parts.key);
  if (kind === EC) {
    // A named curve, never parameters that the certificate brings along.
    return parameters !== undefined && CURVES.has(parameters)
      ? undefined
      : unusable("its public key is on an unusual curve");
  }
  return KEYS.has(kind) ? undefined : unusable("its public key is of an unusual kind");
}

/** Whether an AlgorithmIdentifier names a signature that can be relied upon: nothing with MD5 or SHA-1. */
export function signatureFault(algorithm: Uint8Array): string | undefined {
  const [kind] = identifiersOf(algorithm);
  if (kind === RSA_PSS) return pssFault(algorithm);
  return kind !== undefined && SIGNATURES.has(kind) ? undefined : "it is signed with a weak or unusual algorithm";
}

function rsaFault(key: Uint8Array): KeyFault | undefined {
  const [modulus, exponent] = derSequence(key) ?? [];
  if (modulus?.tag !== INTEGER || exponent?.tag !== INTEGER) return unusable("its RSA key is malformed");
  const number = derContent(key, modulus);
  const bits = number[0] === 0 ? bitLength(number.subarray(1)) : bitLength(number);
  const slow = bits > MOST_RSA_BITS || exponent.end - exponent.content > LONGEST_EXPONENT;
  if (slow) return unusable("its RSA key is out of bounds");
  return bits < LEAST_RSA_BITS ? { kind: "weak", detail: `its RSA key has ${bits} bits` } : undefined;
}

function unusable(detail: string): KeyFault {
  return { kind: "unusable", detail };
}

function bitLength(octets: Uint8Array): number {
  const [first] = octets;
  return first === undefined ? 0 : octets.length * 8 + 24 - Math.clz32(first);
}

function pssFault(algorithm: Uint8Array): string | undefined {
  // The hash is [0]; it is SHA-1 when left out.
  const parameters = derSequence(algorithm)?.[1];
  const hash = parameters === undefined ? undefined : derChildren(algorithm, parameters)?.[0];
  const [kind] = hash?.tag === PSS_HASH ? identifiersOf(derContent(algorithm, hash)) : [];
  return kind !== undefined && HASHES.has(kind) ? undefined : "it is signed with RSA-PSS and a weak or unusual hash";
}

/** The identifier of an AlgorithmIdentifier, and of its parameters where those are one, in hexadecimal. */
function identifiersOf(algorithm: Uint8Array): readonly (string | undefined)[] {
  const parts = derSequence(algorithm) ?? [];
  return parts.map((part) =>
    part.tag === OBJECT_IDENTIFIER ? Buffer.from(derContent(algorithm, part)).toString("hex") : undefined,
  );
}

const INTEGER = 0x02;
const OBJECT_IDENTIFIER = 0x06;
const PSS_HASH = 0xa0;
const LEAST_RSA_BITS = 2048;
const MOST_RSA_BITS = 16_384;
/** Octets; the largest exponent that OpenSSL takes with a large modulus. */
const LONGEST_EXPONENT = 9;
const RSA = "2a864886f70d010101";
const RSA_PSS = "2a864886f70d01010a";
const EC = "2a8648ce3d0201";
const CURVES: ReadonlySet<string> = new Set([
  "2b81040021", // P-224
  "2a8648ce3d030107", // P-256
  "2b81040022", // P-384
  "2b81040023", // P-521
  "2b8104000a", // secp256k1
  "2b2403030208010107", // brainpoolP256r1
  "2b240303020801010b", // brainpoolP384r1
  "2b240303020801010d", // brainpoolP512r1
]);
const ED25519 = "2b6570";
const ED448 = "2b6571";
const ML_DSA: readonly string[] = ["608648016503040311", "608648016503040312", "608648016503040313"];
const KEYS: ReadonlySet<string> = new Set([ED25519, ED448, ...ML_DSA]);
const SIGNATURES: ReadonlySet<string> = new Set([
  ...KEYS,
  "2a864886f70d01010e", // RSA with SHA-224, SHA-256, SHA-384, SHA-512
  "2a864886f70d01010b",
  "2a864886f70d01010c",
  "2a864886f70d01010d",
  "2a8648ce3d040301", // ECDSA with the same
  "2a8648ce3d040302",
  "2a8648ce3d040303",
  "2a8648ce3d040304",
]);
const HASHES: ReadonlySet<string> = new Set([
  "608648016503040204", // SHA-224, SHA-256, SHA-384, SHA-512
  "608648016503040201",
  "608648016503040202",
  "608648016503040203",
]);
