import { type Bytes, err, ok, type Result } from "../../base/mod.ts";
import { crc32c } from "./proxy_checksum.ts";
import type { ProxyFault, ProxyHeader } from "./proxy_header.ts";
import { addressOf } from "./proxy_line.ts";

/** The length of a whole header of version 2, from its first 16 octets. */
export function blockLength(head: Bytes): Result<number, string> {
  const version = head[12] ?? 0;
  const family = head[13] ?? 0;
  if (version >> 4 !== 2) return err(`version ${version >> 4} is not known`);
  if ((version & 0xf) > PROXY) return err(`command ${version & 0xf} is not known`);
  const own = (version & 0xf) === LOCAL;
  // SMTP is never carried by datagrams.
  if (!own && family !== 0 && !FAMILIES.has(family)) return err(`family ${family.toString(16)} is not served`);
  const length = uint16(head, 14);
  return length > LONGEST_REST
    ? err(`the header is longer than ${LONGEST_REST} octets`)
    : ok(PROXY_BLOCK_HEAD + length);
}

/** Reads a whole header of version 2, whose first 16 octets `blockLength` has taken. */
export function parseProxyBlock(octets: Bytes): ProxyHeader | ProxyFault {
  const command = (octets[12] ?? 0) & 0xf;
  const family = octets[13] ?? 0;
  // The rest of such a header is to be skipped, whatever it holds.
  if (command === LOCAL || family === 0) return { kind: "untold" };
  const width = FAMILIES.get(family) ?? 0;
  const fields = PROXY_BLOCK_HEAD + width;
  if (octets.length < fields) return fault("the header is too short for its addresses");
  const wrong = checkFields(octets, fields);
  if (wrong !== undefined) return fault(wrong);
  if (family === TCP4) {
    return { kind: "told", address: octets.subarray(16, 20).join("."), port: uint16(octets, 24) };
  }
  if (family === TCP6) {
    const groups = Array.from({ length: 8 }, (_, at) => uint16(octets, PROXY_BLOCK_HEAD + at * 2));
    return { kind: "told", address: addressOf(groups), port: uint16(octets, 48) };
  }
  return { kind: "untold" };
}

/** Walks over the further fields; only the checksum is looked into. */
function checkFields(octets: Bytes, start: number): string | undefined {
  let sum: number | undefined;
  for (let at = start; at < octets.length; ) {
    if (at + FIELD_HEAD > octets.length) return "a field is cut short";
    const length = uint16(octets, at + 1);
    const value = at + FIELD_HEAD;
    if (value + length > octets.length) return "a field is longer than the header";
    if (octets[at] === CHECKSUM) {
      if (sum !== undefined || length !== 4) return "the checksum is malformed";
      sum = value;
    }
    at = value + length;
  }
  return sum === undefined || isRight(octets, sum) ? undefined : "the checksum is wrong";
}

/** The checksum is that of the header with zeros in its own place. */
function isRight(octets: Bytes, at: number): boolean {
  const told = uint16(octets, at) * 65_536 + uint16(octets, at + 2);
  const blank = Uint8Array.from(octets);
  blank.fill(0, at, at + 4);
  return crc32c(blank) === told;
}

function uint16(octets: Bytes, at: number): number {
  return (octets[at] ?? 0) * 256 + (octets[at + 1] ?? 0);
}

function fault(text: string): ProxyFault {
  return { kind: "fault", text };
}

export const PROXY_SIGNATURE: Bytes = Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10);
/** Signature, version and command, family, length. */
export const PROXY_BLOCK_HEAD = 16;
const LOCAL = 0;
const PROXY = 1;
const TCP4 = 0x11;
const TCP6 = 0x21;
/** Octets of the addresses and ports; unix paths are 108 octets each. */
const FAMILIES: ReadonlyMap<number, number> = new Map([
  [TCP4, 12],
  [TCP6, 36],
  [0x31, 216],
]);
const FIELD_HEAD = 3;
const CHECKSUM = 3;
/** Room for every field in use, a client's certificate too. */
const LONGEST_REST = 4096;
