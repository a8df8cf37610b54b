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
  let at = 0;
  let now = place;
  while (at < chunk.length) {
    if (now === "fault") return { parts: withRest(parts, chunk, { from, to: at }), place: now };
    if (now === "after-cr") {
      now = chunk[at] === LF ? "start" : "fault";
      if (now === "start") at++;
      continue;
    }
    if (now === "start" && chunk[at] === DOT) {
      parts.push(chunk.subarray(from, at + 1));
      from = at;
    }
    // Only the first CR or LF from here on has a meaning.
    const cr = chunk.indexOf(CR, at);
    const feed = chunk.indexOf(LF, at);
    if (feed >= 0 && (cr < 0 || feed < cr)) {
      at = feed;
      now = "fault";
    } else {
      at = cr < 0 ? chunk.length : cr + 1;
      now = cr < 0 ? "middle" : "after-cr";
    }
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
