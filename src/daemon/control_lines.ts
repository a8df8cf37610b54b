import type { Bytes } from "../base/mod.ts";

/** The lines of a text in UTF-8 that comes in chunks; what follows the last LF is no line. */
export async function* linesOf(stream: AsyncIterable<Bytes>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  for await (const chunk of stream) {
    const [first = "", ...others] = decoder.decode(chunk, { stream: true }).split("\n");
    parts.push(first);
    for (const next of others) {
      yield parts.join("");
      parts = [next];
    }
  }
}
