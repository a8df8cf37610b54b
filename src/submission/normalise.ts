import { type Bytes, err, ok, type Result } from "../base/mod.ts";

/**
 * Gives local content the line ends of mail: LF alone becomes CRLF, and the last line is ended. A CR without LF has no
 * meaning in text and is refused, so that nothing of it reaches the wire (RFC 5321 §2.3.8).
 */
export function normaliseLines(content: Bytes): Result<Bytes, string> {
  let feeds = 0;
  for (let at = content.indexOf(LF); at >= 0; at = content.indexOf(LF, at + 1)) {
    if (at === 0 || content[at - 1] !== CR) feeds++;
  }
  for (let at = content.indexOf(CR); at >= 0; at = content.indexOf(CR, at + 1)) {
    if (content[at + 1] !== LF) return err(`A CR without LF stands at octet ${at}`);
  }
  const open = content.length > 0 && content[content.length - 1] !== LF;
  if (feeds === 0 && !open) return ok(content);
  const result = new Uint8Array(content.length + feeds + (open ? 2 : 0));
  let from = 0;
  let to = 0;
  for (let at = content.indexOf(LF); at >= 0; at = content.indexOf(LF, at + 1)) {
    if (at > 0 && content[at - 1] === CR) continue;
    result.set(content.subarray(from, at), to);
    to += at - from;
    result[to++] = CR;
    result[to++] = LF;
    from = at + 1;
  }
  result.set(content.subarray(from), to);
  if (open) result.set([CR, LF], result.length - 2);
  return ok(result);
}

const CR = 13;
const LF = 10;
