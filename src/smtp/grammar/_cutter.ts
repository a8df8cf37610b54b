import { type Bytes, concat } from "../../base/mod.ts";

/** Holds octets as they came and cuts pieces off the front; every octet is looked at once and copied at most once. */
export interface Cutter {
  push(chunk: Bytes): void;
  /** Octets held. */
  readonly length: number;
  /** Cuts off everything up to and including the next LF; undefined when there is none yet. */
  line(): Bytes | undefined;
  /** Whether what is held begins with `octets`. */
  starts(octets: Bytes): boolean;
  /** Lets go of everything. */
  clear(): void;
  /** Cuts off at most `count` octets, as many as lie together; undefined when nothing is held. */
  take(count: number): Bytes | undefined;
  /** Puts the rest of a piece back to the front. */
  putBack(rest: Bytes): void;
}

export function cutter(): Cutter {
  /** What is held begins at `head`; parts before `scanned` hold no LF. */
  let parts: Bytes[] = [];
  let head = 0;
  let scanned = 0;
  let length = 0;

  /** Lets go of everything before `offset` of the part at `index`. */
  const cut = (index: number, offset: number): void => {
    const part = parts[index] as Bytes;
    const next = offset < part.length ? index : index + 1;
    for (; head < next; head++) parts[head] = NONE;
    if (next === index) parts[index] = part.subarray(offset);
    scanned = head;
    if (head < SPARE && head < parts.length) return;
    if (head * 2 < parts.length) return;
    parts = parts.slice(head);
    head = 0;
    scanned = 0;
  };

  return {
    push(chunk) {
      if (chunk.length === 0) return;
      parts.push(chunk);
      length += chunk.length;
    },
    get length() {
      return length;
    },
    line() {
      for (; scanned < parts.length; scanned++) {
        const part = parts[scanned] as Bytes;
        const end = part.indexOf(LF) + 1;
        if (end === 0) continue;
        const last = part.subarray(0, end);
        const line = scanned === head ? last : concat([...parts.slice(head, scanned), last]);
        cut(scanned, end);
        length -= line.length;
        return line;
      }
      return undefined;
    },
    starts(octets) {
      let at = 0;
      for (let part = head; part < parts.length && at < octets.length; part++) {
        const held = parts[part] as Bytes;
        for (let from = 0; from < held.length && at < octets.length; from++, at++)
          if (held[from] !== octets[at]) return false;
      }
      return at === octets.length;
    },
    clear() {
      parts = [];
      head = 0;
      scanned = 0;
      length = 0;
    },
    take(count) {
      const first = parts[head];
      if (first === undefined || count === 0) return undefined;
      const piece = first.length <= count ? first : first.subarray(0, count);
      cut(head, piece.length);
      length -= piece.length;
      return piece;
    },
    putBack(rest) {
      if (rest.length === 0) return;
      if (head > 0) parts[--head] = rest;
      else parts.unshift(rest);
      scanned = head;
      length += rest.length;
    },
  };
}

/** Places at the front of the list that may stand empty before it is cut back. */
const SPARE = 64;
const NONE: Bytes = new Uint8Array(0);
const LF = 10;
