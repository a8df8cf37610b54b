import { hash } from "node:crypto";
import type { Bytes } from "../../base/mod.ts";
import { concat } from "../../base/mod.ts";
import type { Name } from "../wire/name.ts";
import { canonicalWire } from "../wire/name.ts";

/** The hashed owner of a name: SHA-1 over name and salt, and `iterations` times more over result and salt. */
// RFC 5155 §5
export function nsec3Hash(name: Name, parameters: { readonly iterations: number; readonly salt: Bytes }): Bytes {
  const { salt, iterations } = parameters;
  let digest = sha1(concat([canonicalWire(name), salt]));
  for (let round = 0; round < iterations; round++) digest = sha1(concat([digest, salt]));
  return new Uint8Array(digest);
}

/** Lower-case base32hex without padding. */
// RFC 5155 §3.3, RFC 4648 §7
export function base32Hex(octets: Bytes): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const octet of octets) {
    held = (held << 8) | octet;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((held >> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET.charAt((held << (5 - bits)) & 31) : text;
}

function sha1(octets: Bytes): Bytes {
  return hash("sha1", octets, "buffer");
}

const ALPHABET = "0123456789abcdefghijklmnopqrstuv";
