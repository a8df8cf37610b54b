import { COLUMNS, GROUPS } from "../catalogue/mod.ts";
import { isLoss } from "./build.ts";
import { type Markup, markup } from "./markup.ts";
import { markOf } from "./marks.ts";
import type { Report, ReportCell, ReportRow } from "./types.ts";

/** The matrix as a picture, for documents: a letter in each cell, and a colour beside it. Same report, same octets. */
export function reportSvg({ rows, policies, sender }: Report): string {
  const groups = [...Map.groupBy(rows, ({ id }) => id.slice(0, 1))];
  const width = LEFT + policies.length * CELL_WIDTH + RIGHT;
  const parts: Markup[] = [];
  let top = HEAD;
  for (const [letter, members] of groups) {
    parts.push(markup`<text x="8" y="${top + 14}" class="g">${letter}. ${GROUPS[letter] ?? ""}</text>
`);
    top += GROUP;
    for (const row of members) {
      parts.push(line(row, top));
      top += CELL_HEIGHT;
    }
    top += GAP;
  }
  const heads = policies.map(
    (policy, at) =>
      markup`<text x="${LEFT + at * CELL_WIDTH + CELL_WIDTH / 2}" y="20" class="h">${policy}</text><text x="${LEFT + at * CELL_WIDTH + CELL_WIDTH / 2}" y="34" class="s">${COLUMNS[policy].short}</text>
`,
  );
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" width="${width}" height="${top}" role="img" aria-labelledby="t d">
<title id="t">What came of each attack under each policy</title>
<desc id="d">${rows.length} rows of attacks, ${policies.length} columns of policies, sender ${sender.version}. The text of the document says the same in words.</desc>
<style>text{font:12px system-ui,sans-serif;fill:#1b1b1b}.g{font-weight:bold}.h{font-weight:bold;text-anchor:middle}.s{font-size:9px;text-anchor:middle}.c{text-anchor:middle;font-family:monospace}.w{fill:#fff}</style>
<rect width="${width}" height="${top}" fill="#fff"/>
${heads}${parts}</svg>
`.markup;
}

function line({ id, title, cells }: ReportRow, top: number): Markup {
  const text = title.length > LONGEST ? `${title.slice(0, LONGEST - 1)}…` : title;
  const boxes = cells.map((cell, at) => box(cell, LEFT + at * CELL_WIDTH, top));
  return markup`<text x="8" y="${top + 13}">${id} ${text}</text>${boxes}
`;
}

function box(cell: ReportCell, x: number, y: number): Markup {
  if (cell.kind === "none") return markup``;
  const differs = cell.kind === "played" && !cell.asExpected;
  const border =
    cell.kind === "played" && cell.asExpected && isLoss(cell.policy, cell.verdict)
      ? markup` stroke="#8a2a00" stroke-width="2"`
      : markup``;
  const mark = markup`<text x="${x + CELL_WIDTH / 2}" y="${y + 13}" class="${differs ? "c w" : "c"}">${markOf(cell)}</text>`;
  return markup`<rect x="${x + 1}" y="${y + 1}" width="${CELL_WIDTH - 2}" height="${CELL_HEIGHT - 2}" fill="${fillOf(cell)}"${border}/>${mark}`;
}

function fillOf(cell: ReportCell): string {
  if (cell.kind !== "played") return "#f1f1f1";
  return cell.asExpected ? (FILLS.get(cell.verdict) ?? "#dce7f5") : "#5a0f0f";
}

const FILLS: ReadonlyMap<string, string> = new Map([
  ["S", "#bfe6bf"],
  ["U", "#f6efc3"],
  ["C", "#f3b49c"],
  ["C*", "#f3b49c"],
  ["D→C", "#f3b49c"],
  ["I", "#e59a7d"],
]);
const LEFT = 350;
const RIGHT = 8;
const HEAD = 44;
const GROUP = 20;
const GAP = 8;
const CELL_WIDTH = 44;
const CELL_HEIGHT = 18;
const LONGEST = 52;
