import { err, ok, type Result } from "../../src/base/mod.ts";

/**
 * Puts blocks into their places: `<!-- lab: NAME -->` up to the next `<!-- /lab -->`, in a line or over several. The error
 * names a place for which there is no block, one that does not end, or that there is none.
 */
export function fill(document: string, blocks: ReadonlyMap<string, string>): Result<string, string> {
  const [first = "", ...rest] = document.split(BEGIN);
  if (rest.length === 0) return err("The document has no place to fill");
  const parts = [first];
  for (const part of rest) {
    const close = part.indexOf(CLOSE);
    const end = part.indexOf(END);
    if (close < 0 || end < close) return err(`A place does not end: ${part.slice(0, 40)}`);
    const name = part.slice(0, close);
    const block = blocks.get(name);
    if (block === undefined) return err(`There is no block ${JSON.stringify(name)}`);
    const inner = block.includes("\n") ? `\n\n${block}\n\n` : block;
    parts.push(`${BEGIN}${name}${CLOSE}${inner}${part.slice(end)}`);
  }
  return ok(parts.join(""));
}

const BEGIN = "<!-- lab: ";
const CLOSE = " -->";
const END = "<!-- /lab -->";
