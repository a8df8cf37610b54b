import type { Strength } from "../../trace/mod.ts";
import { type Paint, printable, span, STRENGTHS } from "./paint.ts";
import { busiestLinks, type LinkSummary, type Summary } from "./summary.ts";

/** Many messages: by weakest link, by hop, by finding. */
export function renderSummary(summary: Summary, paint: Paint): string {
  const lines = [
    paint("bold", `${summary.messages} messages`),
    `${summary.withoutTrace} without a Received field, ${summary.worthALook} worth a look`,
    "",
    paint("bold", "Weakest link of each message     facts  claims"),
    ...WEAKEST.map((strength) => weakestRow(summary, strength, paint)),
    "",
    paint("bold", "Hops (the busiest first)"),
  ];
  const links = busiestLinks(summary, MOST_ROWS);
  for (const link of links) lines.push(linkRow(link, paint));
  if (summary.links.size > links.length) lines.push(paint("dim", `… and ${summary.links.size - links.length} more`));
  if (summary.findings.size > 0) lines.push("", paint("bold", "Findings (messages)"));
  for (const [code, count] of [...summary.findings].sort((left, right) => right[1] - left[1]))
    lines.push(`${String(count).padStart(7)}  ${code}`);
  return lines.join("\n");
}

function weakestRow(summary: Summary, strength: Strength | "none", paint: Paint): string {
  const { mark, word, style } = strength === "none" ? NONE : STRENGTHS[strength];
  const label = paint(style, `${mark} ${word}`.padEnd(31));
  const [facts, claims] = [summary.facts.get(strength) ?? 0, summary.claims.get(strength) ?? 0];
  return `  ${label}${String(facts).padStart(5)}${String(claims).padStart(8)}`;
}

function linkRow(link: LinkSummary, paint: Paint): string {
  const states = [...link.strengths]
    .map(([strength, count]) => paint(STRENGTHS[strength].style, `${STRENGTHS[strength].mark} ${count}`))
    .join(" ");
  const slow = link.slowest === undefined ? "" : paint("dim", `, slowest ${span(link.slowest)}`);
  const claimed = link.facts === 0 ? paint("dim", " claimed") : "";
  return `${String(link.count).padStart(7)}  ${printable(link.from, 60)} → ${printable(link.by, 60)}  ${states}${slow}${claimed}`;
}

const MOST_ROWS = 40;
const WEAKEST: readonly (Strength | "none")[] = ["cleartext", "unknown", "weak", "tls", "post-quantum", "none"];
const NONE = { mark: "·", word: "nothing crossed a network", style: "dim" } as const;
