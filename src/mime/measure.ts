import type { Bytes } from "../base/mod.ts";
import type { ContentFacts } from "../mail/mod.ts";

/** Finds out what stands against sending octets as 7-bit lines; the pieces may be cut anywhere. */
export interface Measure {
  add(piece: Bytes): void;
  /** The facts about everything added so far. */
  facts(): ContentFacts;
}

export function measure(): Measure {
  let size = 0;
  let line = 0;
  let longest = 0;
  let eightBit = false;
  let nul = false;
  let bare = false;
  let last = 0;
  let before = 0;
  return {
    add(piece) {
      size += piece.length;
      for (const octet of piece) {
        if (octet > 0x7f) eightBit = true;
        else if (octet === 0) nul = true;
        if (last === CR && octet !== LF) bare = true;
        line++;
        if (octet === LF) {
          if (last === CR) {
            longest = Math.max(longest, line - 2);
            line = 0;
          } else bare = true;
        }
        before = last;
        last = octet;
      }
    },
    facts: () => ({
      size,
      eightBit,
      nul,
      bareCrLf: bare || last === CR,
      endsInCrlf: last === LF && before === CR,
      longestLine: Math.max(longest, line),
    }),
  };
}

/** Whether it can be sent as 7-bit content (RFC 2045 §2.7). */
export function isClean(facts: ContentFacts): boolean {
  // RFC 5321 §4.5.3.1.6
  return !facts.eightBit && !facts.nul && !facts.bareCrLf && facts.longestLine <= 998;
}

const LF = 0x0a;
const CR = 0x0d;
