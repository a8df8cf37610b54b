import { isAscii } from "node:buffer";
import type { Bytes } from "../../base/mod.ts";
import type { ContentFacts } from "../../mail/mod.ts";

/** Gathers what is to be known about content while it passes; the pieces may be cut anywhere. */
export interface FactsCollector {
  add(piece: Bytes): void;
  /** The facts about everything added so far. */
  facts(): ContentFacts;
}

export function factsCollector(): FactsCollector {
  const state: State = {
    size: 0,
    line: 0,
    longest: 0,
    eightBit: false,
    nul: false,
    bare: false,
    cr: false,
    crlf: false,
  };
  return {
    add: (piece) => add(state, piece),
    facts: () => ({
      size: state.size,
      eightBit: state.eightBit,
      bareCrLf: state.bare || state.cr,
      nul: state.nul,
      endsInCrlf: state.crlf,
      longestLine: Math.max(state.longest, state.line),
    }),
  };
}

/** The facts about content that lies in memory. */
export function contentFacts(pieces: readonly Bytes[]): ContentFacts {
  const collector = factsCollector();
  for (const piece of pieces) collector.add(piece);
  return collector.facts();
}

interface State {
  size: number;
  /** Octets since the last CRLF, a CR at the very end included. */
  line: number;
  longest: number;
  eightBit: boolean;
  nul: boolean;
  bare: boolean;
  /** The last octet is a CR whose LF may still come. */
  cr: boolean;
  /** The last two octets are CRLF. */
  crlf: boolean;
}

function add(state: State, piece: Bytes): void {
  if (piece.length === 0) return;
  state.size += piece.length;
  if (!state.eightBit) state.eightBit = !isAscii(piece);
  if (!state.nul) state.nul = piece.includes(0);
  const from = joinCr(state, piece);
  const end = scanLines(state, piece, from);
  state.line += piece.length - end;
  state.cr = piece[piece.length - 1] === CR;
  state.crlf = piece[piece.length - 1] === LF && end === piece.length && (end > 1 || from === 1);
}

/** Joins a CR at the end of the piece before with what follows; the offset where scanning starts. */
function joinCr(state: State, piece: Bytes): 0 | 1 {
  if (!state.cr) return 0;
  if (piece[0] !== LF) {
    state.bare = true;
    return 0;
  }
  state.longest = Math.max(state.longest, state.line - 1);
  state.line = 0;
  return 1;
}

/** Walks over the CRs and LFs by native search; the offset after the last CRLF. */
function scanLines(state: State, piece: Bytes, from: number): number {
  let start = from;
  let cr = piece.indexOf(CR, start);
  let lf = piece.indexOf(LF, start);
  while (cr >= 0 || lf >= 0) {
    if (cr >= 0 && lf === cr + 1) {
      state.longest = Math.max(state.longest, state.line + cr - start);
      state.line = 0;
      start = lf + 1;
      cr = piece.indexOf(CR, start);
      lf = piece.indexOf(LF, start);
    } else if (cr >= 0 && (lf < 0 || cr < lf)) {
      if (cr === piece.length - 1) break;
      state.bare = true;
      cr = piece.indexOf(CR, cr + 1);
    } else {
      state.bare = true;
      lf = piece.indexOf(LF, lf + 1);
    }
  }
  return start;
}

const CR = 13;
const LF = 10;
