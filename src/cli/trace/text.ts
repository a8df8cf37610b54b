import { type Finding, type Hop, type HopDelay, type Path, strengthOf } from "../../trace/mod.ts";
import { fromLine, protectionDetail, protocolLine, warningsByHop, weakestLine } from "./phrases.ts";
import { type Paint, printable, span, STRENGTHS } from "./paint.ts";
import type { Traced } from "./run.ts";

/** One message's way as lines for people, oldest hop first. */
export function renderPath({ source, path }: Traced, paint: Paint): string {
  const lines = [paint("bold", printable(source)), `${hopCount(path)}${totalText(path)}`, ""];
  const warnings = warningsByHop(path);
  let part: Part | undefined;
  for (const hop of [...path.hops].reverse()) {
    const own: Part = hop.trust === "claimed" ? "claims" : "facts";
    if (own !== part) lines.push(paint("bold", PART_TITLES[own]));
    part = own;
    lines.push(...hopLines(hop, { hops: path.hops.length, warnings: warnings.get(hop.index) ?? [] }, paint), "");
  }
  lines.push(...closing(path, paint));
  return lines.join("\n");
}

type Part = "facts" | "claims";

interface Place {
  readonly hops: number;
  readonly warnings: readonly Finding[];
}

function hopLines(hop: Hop, place: Place, paint: Paint): string[] {
  const claimed = hop.trust === "claimed";
  const gutter = claimed ? paint("dim", "┊") : paint("cyan", "┃");
  const strength = STRENGTHS[strengthOf(hop.tls) ?? "local"];
  const number = String(place.hops - hop.index).padStart(2);
  const [from = "", ...more] = wrapped(printable(fromLine(hop)), INNER);
  const lines = [`${paint("bold", number)}  ${from}`, ...more.map((line) => `    ${line}`)];
  const word = paint(strength.style, `${strength.mark} ${strength.word}`);
  lines.push(`    ${word}${printable(` ${protectionDetail(hop)}`.trimEnd())}`);
  const by = `to ${printable(hop.by?.name ?? hop.by?.ip ?? "a host that is not named")}${printable(protocolLine(hop))}`;
  lines.push(...wrapped(by, INNER).map((line) => `    ${line}`));
  const delay = delayText(hop.delay);
  if (delay !== undefined) lines.push(`    ${paint("dim", delay)}`);
  for (const { code, detail } of place.warnings)
    for (const [at, line] of wrapped(`! ${code} ${printable(detail)}`, INNER).entries())
      lines.push(`    ${at === 0 ? line.replace(`! ${code}`, paint("yellow", `! ${code}`)) : line}`);
  return lines.map((line) => `${gutter} ${line}`);
}

function closing(path: Path, paint: Paint): string[] {
  const lines = [
    `${paint("bold", "Weakest link")}  facts: ${weakestLine(path, "facts")}; claims: ${weakestLine(path, "claims")}`,
    `${paint("bold", "All by TLS")}    facts: ${path.allTls.facts}; claims: ${path.allTls.claims}`,
  ];
  if (path.submission !== undefined)
    lines.push(
      `${paint("bold", "Submitted")}     at hop ${path.hops.length - path.submission.index}, ${path.submission.how}`,
    );
  for (const skew of path.skewEstimates)
    lines.push(
      `${paint("bold", "Clock")}         ${printable(skew.host)} may be ${skew.clock} by ${span(skew.atLeastSeconds)} or more`,
    );
  for (const mark of path.marks) {
    const where = mark.addedBy === null ? "before the first hop" : `at hop ${path.hops.length - mark.addedBy}`;
    const what = mark.results?.map((one) => `${one.method}=${one.result}`).join(" ") ?? "";
    const claim = mark.trust === "claimed" ? " (claimed)" : "";
    const text = `${mark.field}  ${printable(`${mark.domain ?? ""} ${what}`.trim())} added ${where}${claim}`;
    for (const [at, line] of wrapped(text, COLUMNS).entries())
      lines.push(at === 0 ? line.replace(mark.field, paint("bold", mark.field)) : line);
  }
  for (const note of path.notes)
    lines.push(...wrapped(`${printable(note)}.`, COLUMNS).map((line) => paint("dim", line)));
  return lines;
}

function hopCount(path: Path): string {
  return path.hops.length === 1 ? "1 hop" : `${path.hops.length} hops`;
}

function totalText({ totalDelay }: Path): string {
  return totalDelay.seconds === undefined ? "" : `, ${span(totalDelay.seconds)} from the oldest to the newest`;
}

/** A bar on a logarithmic scale: a second is a sliver, a day is full. */
function delayText(delay: HopDelay): string | undefined {
  if (delay.seconds === undefined) return undefined;
  if (delay.kind === "negative") return `${span(delay.seconds)}, so a clock is wrong`;
  const length = Math.min(
    BAR,
    Math.max(delay.seconds > 0 ? 1 : 0, Math.round((BAR * Math.log1p(delay.seconds)) / Math.log1p(DAY))),
  );
  const label = delay.seconds >= LONG ? `  ${delay.label ?? ""}` : "";
  return `${"▇".repeat(length)}${length > 0 ? " " : ""}${span(delay.seconds)} after the hop before${label}`;
}

/** Lines of at most `width` columns, broken between words; a longer word keeps its line. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(lines.length === 0 ? word : `  ${word}`);
  }
  return lines;
}

const COLUMNS = 80;
/** What the gutter and the number leave. */
const INNER = COLUMNS - 6;
const BAR = 24;
const DAY = 86_400;
const LONG = 300;
const PART_TITLES: Readonly<Record<Part, string>> = {
  claims: "What other hosts claim",
  facts: "What our hosts wrote",
};
