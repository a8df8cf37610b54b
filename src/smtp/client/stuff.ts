import type { Bytes } from "../../base/mod.ts";

/** Where in a line the content stands; `fault` is reached by a CR or LF outside CRLF and never left. */
export type LinePlace = "start" | "middle" | "after-cr" | "fault";

/**
 * Doubles the dot that begins a line (RFC 5321 §4.5.2). The result holds views of `chunk`, so nothing is copied; after a
 * fault it holds what came before.
 */
export function stuff(place: LinePlace, chunk: Bytes): { readonly parts: readonly Bytes[]; readonly place: LinePlace } {
  const parts: Bytes[] = [];
  let from = 0;
  let now = place;
  for (let at = 0; at < chunk.length; at++) {
    const octet = chunk[at];
    if (now === "after-cr" ? octet !== LF : octet === LF) now = "fault";
    if (now === "fault") return { parts: withRest(parts, chunk, { from, to: at }), place: now };
    if (now === "start" && octet === DOT) {
      parts.push(chunk.subarray(from, at + 1));
      from = at;
    }
    if (octet === LF) now = "start";
    else now = octet === CR ? "after-cr" : "middle";
  }
  return { parts: withRest(parts, chunk, { from, to: chunk.length }), place: now };
}

function withRest(parts: Bytes[], chunk: Bytes, { from, to }: { from: number; to: number }): readonly Bytes[] {
  if (to > from) parts.push(chunk.subarray(from, to));
  return parts;
}

const CR = 13;
const LF = 10;
const DOT = 46;
