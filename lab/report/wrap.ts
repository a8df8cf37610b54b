/** Words in lines of at most `width` characters; a longer word has a line of its own. Indentation stays on the first line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  let begun = false;
  for (const word of text.split(" ")) {
    if (begun && line.trim() !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = begun ? `${line} ${word}` : word;
    }
    begun = true;
  }
  return [...lines, line];
}

/** What others wrote, without characters that a terminal obeys. */
export function clean(text: string): string {
  return text.replaceAll(UNPRINTABLE, "\u{fffd}");
}

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
