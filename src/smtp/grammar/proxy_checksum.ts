import type { Bytes } from "../../base/mod.ts";

/** CRC-32C (Castagnoli), least significant bit first. */
export function crc32c(octets: Bytes): number {
  let sum = 0xffffffff;
  for (const octet of octets) sum = (TABLE[(sum ^ octet) & 0xff] as number) ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

const POLYNOMIAL = 0x82f63b78;
const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, index) => {
  let sum = index;
  for (let bit = 0; bit < 8; bit++) sum = (sum & 1) === 1 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1;
  return sum >>> 0;
});
