/** Whether a character is SP or HTAB, and nothing else that looks like a blank. */
export function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t";
}

export function withoutLeadingBlanks(text: string): string {
  let from = 0;
  while (isBlank(text[from])) from++;
  return text.slice(from);
}

export function withoutTrailingBlanks(text: string): string {
  let to = text.length;
  while (isBlank(text[to - 1])) to--;
  return text.slice(0, to);
}
