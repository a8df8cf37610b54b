import { type Bytes, err, ok, type Result } from "../../base/mod.ts";

/** What an armor block may hold. */
export type ArmorKind = "SIGNATURE" | "PUBLIC KEY BLOCK";

/**
 * Takes the octets out of an OpenPGP armor block (RFC 9580 §6.2), or returns what is no armor as it is. Stricter than the
 * RFC: one block and nothing beside it, canonical base64, and a checksum, where there is one, must be right, so that no
 * alteration of a signature goes unnoticed. Header lines such as Version and Comment mean nothing.
 */
export function dearmor(octets: Bytes, kind: ArmorKind): Result<Bytes, string> {
  if (octets.length > LARGEST) return err(`it has more than ${LARGEST} octets`);
  if (octets.length === 0) return err("it is empty");
  // RFC 9580 §4.2: the first octet of a packet has its highest bit set, and no armor has one.
  if ((octets[0] ?? 0) >= 0x80) return ok(octets);
  const lines = Buffer.from(octets).toString("latin1").replaceAll("\r\n", "\n").split("\n");
  if (lines.at(-1) === "") lines.pop();
  const body = lines.indexOf("") + 1;
  if (lines[0] !== `-----BEGIN PGP ${kind}-----` || lines.at(-1) !== `-----END PGP ${kind}-----` || body === 0) {
    return err(`it is no armored ${kind.toLowerCase()}`);
  }
  const [headers, content] = [lines.slice(1, body - 1), lines.slice(body, -1)];
  if (!headers.every((line) => HEADER.test(line))) return err("its armor has a header line that is none");
  return decodeBody(content);
}

function decodeBody(lines: readonly string[]): Result<Bytes, string> {
  const last = lines.at(-1);
  const sum = last !== undefined && CHECKSUM.test(last) ? last.slice(1) : undefined;
  const data = sum === undefined ? lines : lines.slice(0, -1);
  if (data.length === 0 || !data.every((line) => BASE64.test(line))) return err("its armor is no base64");
  const text = data.join("");
  const decoded = Buffer.from(text, "base64");
  if (decoded.toString("base64") !== text) return err("its armor is no canonical base64");
  if (sum !== undefined && checksum(decoded).toString("base64") !== sum)
    return err("the checksum of its armor is wrong");
  return ok(new Uint8Array(decoded));
}

/** RFC 9580 §6.1. */
function checksum(octets: Bytes): Buffer {
  let crc = 0xb704ce;
  for (const octet of octets) {
    crc ^= octet << 16;
    for (let bit = 0; bit < 8; bit += 1) {
      crc <<= 1;
      if ((crc & 0x1000000) !== 0) crc ^= 0x1864cfb;
    }
  }
  return Buffer.from([(crc >> 16) & 0xff, (crc >> 8) & 0xff, crc & 0xff]);
}

/** Keys with many certifications are large; a signature has some hundred octets. */
const LARGEST = 1_000_000;
const HEADER = /^[A-Za-z]{1,20}: [\x20-\x7e]{0,200}$/;
const CHECKSUM = /^=[A-Za-z0-9+/]{4}$/;
const BASE64 = /^[A-Za-z0-9+/]{1,76}={0,2}$/;
