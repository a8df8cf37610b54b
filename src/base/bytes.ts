import { isUtf8 } from "node:buffer";

/** Octets as they are on the wire and on disk. */
export type Bytes = Uint8Array;

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder("utf-8");

export function utf8(text: string): Bytes {
  return utf8Encoder.encode(text);
}

/** Decodes UTF-8; ill-formed sequences become U+FFFD. */
export function fromUtf8(bytes: Bytes): string {
  return utf8Decoder.decode(bytes);
}

/** Decodes UTF-8, or returns undefined when it is ill-formed. */
export function fromStrictUtf8(bytes: Bytes): string | undefined {
  // An exception for each line of a hostile peer would cost ten times the look.
  return isUtf8(bytes) ? utf8Decoder.decode(bytes) : undefined;
}

export function concat(parts: readonly Bytes[]): Bytes {
  if (parts.length === 1 && parts[0] !== undefined) return parts[0];
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function equalBytes(left: Bytes, right: Bytes): boolean {
  return left.length === right.length && left.every((octet, at) => octet === right[at]);
}
