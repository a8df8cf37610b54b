import type { Bytes } from "../base/mod.ts";

/**
 * Whether a line, without its CRLF, is the delimiter that begins with `boundary` (its two dashes included): one that opens
 * a part, the one that closes the multipart, or none. Blanks may stand behind it (RFC 2046 §5.1.1).
 */
export function boundaryAt(line: Bytes, boundary: Bytes): "open" | "close" | undefined {
  if (line.length < boundary.length || line.length > LONGEST_DELIMITER) return undefined;
  for (let at = 0; at < boundary.length; at++) if (line[at] !== boundary[at]) return undefined;
  const closes = line[boundary.length] === DASH && line[boundary.length + 1] === DASH;
  for (let at = boundary.length + (closes ? 2 : 0); at < line.length; at++) {
    if (line[at] !== SPACE && line[at] !== TAB) return undefined;
  }
  return closes ? "close" : "open";
}

/** A longer line is no delimiter; blanks behind a boundary would make one endless. */
export const LONGEST_DELIMITER = 998;
const TAB = 0x09;
const SPACE = 0x20;
const DASH = 0x2d;
