import { type Bytes, err, ok, type Result, utf8 } from "../base/mod.ts";

/** Writes a response for a line of its own. */
export function encodeBase64(octets: Bytes): string {
  return octets.toBase64();
}

/** Reads a challenge strictly: no foreign character, no space, padding at the end alone (RFC 4954 §4). */
export function decodeBase64(text: string): Result<Bytes, string> {
  // RFC 4954 §4
  if (text.length > LONGEST_LINE) return err(`a challenge has more than ${LONGEST_LINE} octets`);
  if (!BASE64.test(text)) return err("a challenge is not base64");
  try {
    return ok(Uint8Array.fromBase64(text, { lastChunkHandling: "strict" }));
  } catch {
    return err("a challenge is not base64");
  }
}

/** The base64 form of text, as it may be echoed by a server. */
export function base64Of(text: string): string {
  return encodeBase64(utf8(text));
}

/** Octets of one line in an exchange, with CRLF (RFC 4954 §4). */
export const LONGEST_LINE = 12288;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
