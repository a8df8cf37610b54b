import { hash } from "node:crypto";
import type { Bytes } from "../../base/mod.ts";
import { concat } from "../../base/mod.ts";
import type { Name } from "../wire/name.ts";
import { canonicalWire } from "../wire/name.ts";

/** The hashed owner of a name: SHA-1 over name and salt, and `iterations` times more over result and salt. */
// RFC 5155 §5
export function nsec3Hash(name: Name, parameters: { readonly iterations: number; readonly salt: Bytes }): Bytes {
  const { salt, iterations } = parameters;
  const input = new Uint8Array(DIGEST_OCTETS + salt.length);
  input.set(salt, DIGEST_OCTETS);
  let digest = sha1(concat([canonicalWire(name), salt]));
  for (let round = 0; round < iterations; round++) {
    input.set(digest);
    digest = sha1(input);
  }
  return new Uint8Array(digest);
}

function sha1(octets: Bytes): Bytes {
  return hash("sha1", octets, "buffer");
}

const DIGEST_OCTETS = 20;
