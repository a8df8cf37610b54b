import { styleText } from "node:util";
import { COLUMNS } from "../catalogue/mod.ts";
import { markOf, MEANINGS } from "./marks.ts";
import { summaryLines } from "./summary_text.ts";
import type { PlayedCell, Report, ReportRow } from "./types.ts";
import { clean, wrap } from "./wrap.ts";

export interface TextOptions {
  /** Columns of the terminal; between 80 and 160 are used. */
  readonly width: number;
  readonly colour: boolean;
}

/** The report for a terminal: the reason of every cell, then the matrix, what it means, and the sums. */
export function reportText(report: Report, options: TextOptions): string {
  const shape: Shape = { width: Math.min(Math.max(options.width, NARROW), WIDE), colour: options.colour };
  const blocks = [
    ...(report.rows.length === 0 ? [] : [section("Why", report.rows.map((row) => whyLines(row, shape)).flat())]),
    ...(report.claims.length === 0 ? [] : [section("Claims", claimLines(report, shape))]),
    ...(report.rows.length === 0 ? [] : [section("Matrix", matrixLines(report, shape))]),
    summaryLines(report, shape.width),
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

interface Shape {
  readonly width: number;
  readonly colour: boolean;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return [title, "", ...lines];
}

/** Cells with the same mark and the same reason stand in one line. */
function whyLines(row: ReportRow, { width, colour }: Shape): string[] {
  const played = row.cells.filter((cell) => cell.kind === "played");
  if (played.length === 0) return [];
  const alike = Map.groupBy(played, (cell) => `${markOf(cell)}\u0000${reasonOf(cell)}`);
  const lines = [...alike.values()].flatMap((cells) => {
    const [first] = cells;
    if (first === undefined) return [];
    const head = `    ${cells.map(({ policy }) => policy).join(" ")}  ${tint(first, markOf(first), colour)}  `;
    const length = head.length - (colour ? tint(first, "", true).length : 0);
    return wrap(reasonOf(first), width - length).map((line, at) => `${at === 0 ? head : " ".repeat(length)}${line}`);
  });
  return [`${row.id} ${clean(row.title)}`, ...lines];
}

function reasonOf(cell: PlayedCell): string {
  const variant = cell.variant === "" || cell.asExpected ? "" : ` [${cell.variant}]`;
  const corrected = cell.corrected === undefined ? "" : ` (${cell.corrected})`;
  return clean(`${cell.reason}${variant}${corrected}`);
}

function claimLines({ claims }: Report, { width, colour }: Shape): string[] {
  return claims.flatMap(({ row, title, held, seen, claim }) => {
    const word = held ? "held  " : "FAILED";
    const painted = colour ? styleText(held ? "green" : "red", word, ALWAYS) : word;
    const text = wrap(`${clean(title)}: ${clean(claim)}. Seen: ${clean(seen)}`, width - 12);
    return text.map((line, at) => `${at === 0 ? `${row} ${painted}  ` : " ".repeat(12)}${line}`);
  });
}

function matrixLines({ rows, policies }: Report, { width, colour }: Shape): string[] {
  const marks = rows.map(({ cells }) => cells.map(markOf));
  const cell = Math.max(MARK, ...marks.flat().map((mark) => mark.length)) + 1;
  const head = `${" ".repeat(5)}${policies.map((policy) => policy.padEnd(cell)).join("")}`;
  const body = rows.map((row) => {
    const painted = row.cells.map((one) => {
      const mark = markOf(one);
      return `${tint(one, mark, colour)}${" ".repeat(cell - mark.length)}`;
    });
    const room = width - 5 - cell * policies.length - 1;
    const title = clean(row.title);
    return `${row.id}  ${painted.join("")} ${title.length > room ? `${title.slice(0, Math.max(room - 1, 0))}…` : title}`.trimEnd();
  });
  const used = new Set(
    rows.flatMap(({ cells }) => cells.flatMap((one) => (one.kind === "played" ? [one.verdict] : []))),
  );
  const legend = Object.entries(MEANINGS).filter(([code]) => [...used].some((one) => one === code));
  return [
    head.trimEnd(),
    ...body,
    "",
    ...policies.flatMap((policy) => wrap(`${policy.padEnd(4)}${COLUMNS[policy].about}`, width)),
    "",
    ...legend.map(([code, meaning]) => `${code.padEnd(6)}${meaning}`),
    ...(marks.flat().some((mark) => mark.includes("≠")) ? ["A≠B   A came of it where B is expected"] : []),
    ...(marks.flat().some((mark) => mark.includes("!"))
      ? ["A!    as expected, and the wrong ones are told, or of the wrong thing"]
      : []),
    ...(marks.flat().some((mark) => mark.includes("°"))
      ? ["°     what is expected is not what the catalogue says; the reason names the section"]
      : []),
    ...(marks.flat().includes("-") ? ["-     not built"] : []),
    ...(marks.flat().includes("·") ? ["·     not applicable"] : []),
  ];
}

function tint(cell: { readonly kind: string; readonly asExpected?: boolean }, mark: string, colour: boolean): string {
  if (!colour) return mark;
  if (cell.kind !== "played") return styleText("dim", mark, ALWAYS);
  return styleText(cell.asExpected === true ? "green" : "red", mark, ALWAYS);
}

/** Whether there are colours is decided by the caller, who knows where the text goes. */
const ALWAYS = { validateStream: false } as const;
const NARROW = 80;
const WIDE = 160;
const MARK = 3;
