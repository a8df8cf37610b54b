/**
 * Joins units with white space and folds: each group begins a line (but the first, which follows `name`), and a unit
 * that would pass column 78 begins another (RFC 5322 §2.1.1, §2.2.3). Units are never cut.
 */
export function fold(name: string, groups: readonly (readonly string[])[]): string {
  let text = name;
  let column = name.length;
  for (const [at, group] of groups.entries()) {
    let fresh = at > 0;
    for (const unit of group) {
      // A first line with nothing behind the name confuses old software.
      const first = text.length === name.length;
      if (fresh || (!first && column + 1 + unit.length > WIDTH)) {
        text += `\r\n${INDENT}${unit}`;
        column = INDENT.length + unit.length;
      } else {
        text += ` ${unit}`;
        column += 1 + unit.length;
      }
      fresh = false;
    }
  }
  return `${text}\r\n`;
}

const WIDTH = 78;
const INDENT = "        ";
