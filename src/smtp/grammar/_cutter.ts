import { type Bytes, concat } from "../../base/mod.ts";

/** Holds octets as they came and cuts pieces off the front; every octet is looked at once and copied at most once. */
export interface Cutter {
  push(chunk: Bytes): void;
  /** Octets held. */
  readonly length: number;
  /** Cuts off everything up to and including the next LF; undefined when there is none yet. */
  line(): Bytes | undefined;
  /** Cuts off at most `count` octets, as many as lie together; undefined when nothing is held. */
  take(count: number): Bytes | undefined;
  /** Puts the rest of a piece back to the front. */
  putBack(rest: Bytes): void;
}

export function cutter(): Cutter {
  let parts: Bytes[] = [];
  /** Parts before this index hold no LF. */
  let scanned = 0;
  let length = 0;
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
        const head = part.subarray(0, end);
        const line = scanned === 0 ? head : concat([...parts.slice(0, scanned), head]);
        parts = end < part.length ? [part.subarray(end), ...parts.slice(scanned + 1)] : parts.slice(scanned + 1);
        scanned = 0;
        length -= line.length;
        return line;
      }
      return undefined;
    },
    take(count) {
      const first = parts[0];
      if (first === undefined || count === 0) return undefined;
      scanned = 0;
      const piece = first.length <= count ? first : first.subarray(0, count);
      if (piece.length === first.length) parts.shift();
      else parts[0] = first.subarray(count);
      length -= piece.length;
      return piece;
    },
    putBack(rest) {
      if (rest.length === 0) return;
      parts.unshift(rest);
      scanned = 0;
      length += rest.length;
    },
  };
}

const LF = 10;
