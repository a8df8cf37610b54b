import { crc32 } from "node:zlib";
import type { Bytes } from "../../../base/mod.ts";

/**
 * Check sums that are committed beside what they are of, so that an octet that turned over on the disk is found before
 * anybody gets it. CRC-32: it is there against accidents, and finds every change of up to 32 bits in a row.
 */

/** The sum of a content; of its next part when `before` is the sum of all parts before it. */
export function contentSum(bytes: Bytes, before = 0): number {
  return crc32(bytes, before);
}

/** What of a message's row never changes. */
export function messageSum(message: {
  readonly id: string;
  readonly acceptedAt: number;
  readonly bodySize: number;
  readonly envelope: string;
}): number {
  const { id, acceptedAt, bodySize, envelope } = message;
  return crc32(envelope, crc32(`${id} ${acceptedAt} ${bodySize} `));
}

/** Who is meant by a unit, and what became of them. */
export function unitSum(key: number, destination: string, recipients: string): number {
  return crc32(recipients, crc32(`${key} ${destination} `));
}
