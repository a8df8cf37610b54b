import type { Bytes, Result } from "../../base/mod.ts";
import { err, ok } from "../../base/mod.ts";
import type { WireFault } from "./message.ts";
import type { Name } from "./name.ts";
import { MOST_NAME_OCTETS, nameFromLabels } from "./name.ts";

export function u8(octets: Bytes, at: number): number {
  return octets[at] ?? 0;
}

export function u16(octets: Bytes, at: number): number {
  return (u8(octets, at) << 8) | u8(octets, at + 1);
}

export function u32(octets: Bytes, at: number): number {
  return ((u16(octets, at) << 16) | u16(octets, at + 2)) >>> 0;
}

/** A name and the offset behind it, where it stands; pointers do not count. */
export interface ReadName {
  readonly name: Name;
  readonly end: number;
}

/**
 * Reads a name at `at`, following compression pointers. Every pointer must lead strictly before the place where the
 * current run of labels began, so a loop cannot be; 255 octets bound the rest.
 */
// RFC 1035 §4.1.4
export function readName(octets: Bytes, at: number, memo?: NameMemo): Result<ReadName, WireFault> {
  const known = memo?.get(at);
  if (known !== undefined) return ok(known);
  const labels: Bytes[] = [];
  let cursor = at;
  let runStart = at;
  let end = -1;
  let length = 1;
  let jumps = 0;
  for (;;) {
    const head = octets[cursor];
    if (head === undefined) return err({ kind: "too-short", at: cursor });
    if (head === 0) break;
    if (head >= POINTER) {
      const target = u16(octets, cursor) & 0x3fff;
      if (cursor + 1 >= octets.length) return err({ kind: "too-short", at: cursor });
      if (target >= runStart || ++jumps > MOST_JUMPS) return err({ kind: "bad-pointer", at: cursor });
      if (end < 0) end = cursor + 2;
      cursor = target;
      runStart = target;
      continue;
    }
    if (head > 63) return err({ kind: "bad-label", at: cursor });
    if (cursor + head >= octets.length) return err({ kind: "too-short", at: cursor });
    length += head + 1;
    if (length > MOST_NAME_OCTETS) return err({ kind: "name-too-long", at: cursor });
    labels.push(octets.slice(cursor + 1, cursor + 1 + head));
    cursor += head + 1;
  }
  const name = nameFromLabels(labels);
  if (!name.ok) return err({ kind: "bad-label", at });
  const read = { name: name.value, end: end < 0 ? cursor + 1 : end };
  memo?.set(at, read);
  return ok(read);
}

/** Names already read in one message by their offset, since answers repeat the same pointer many times. */
export type NameMemo = Map<number, ReadName>;

const POINTER = 0xc0;
/** A name has at most 127 labels, and a pointer that saves none serves only to burn time. */
const MOST_JUMPS = 127;
