import type { Bytes } from "../base/mod.ts";
import type { Encoder } from "./encoders.ts";

/**
 * Makes octets that mean nothing (preamble, epilogue) fit for 7-bit content: what is not ASCII text becomes "*", which no
 * boundary has, and a line that is too long is folded with a blank, so that no line becomes a boundary.
 */
export function plainFiller(): Encoder {
  let cr = false;
  let column = 0;
  return {
    push(piece) {
      const out: number[] = [];
      const put = (octet: number): void => {
        if (column >= LONGEST_LINE) {
          out.push(CR, LF, SPACE);
          column = 1;
        }
        out.push(octet);
        column++;
      };
      for (const octet of piece) {
        if (cr && octet === LF) {
          out.push(CR, LF);
          column = 0;
        } else if (cr) put(STAR);
        if (octet !== CR && !(cr && octet === LF)) put(isText(octet) ? octet : STAR);
        cr = octet === CR;
      }
      return Uint8Array.from(out);
    },
    finish() {
      const rest: Bytes = cr ? Uint8Array.of(STAR) : new Uint8Array(0);
      cr = false;
      column = 0;
      return rest;
    },
  };
}

function isText(octet: number): boolean {
  return octet !== 0 && octet !== LF && octet < 0x80;
}

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const STAR = 0x2a;
const LONGEST_LINE = 900;
