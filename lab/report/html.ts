import { readFileSync } from "node:fs";
import { COLUMNS } from "../catalogue/mod.ts";
import { POLICIES } from "../types.ts";
import { isLoss } from "./build.ts";
import { type Markup, markup } from "./markup.ts";
import { markOf, MEANINGS } from "./marks.ts";
import type { PlayedCell, Report, ReportCell, ReportRow } from "./types.ts";

/** The report as one HTML file that needs nothing else: no script, no font, no picture from elsewhere. */
export function reportHtml(report: Report): string {
  const style: Markup = { markup: readFileSync(new URL("style.css", import.meta.url), "utf8") };
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Hopseal lab: ${report.sender.version}</title>
<style>
${style}</style>
</head>
<body>
<header>
<h1>Every attack against every policy</h1>
<p>Sender: ${report.sender.version}. Seed ${report.seed}.</p>
${report.sender.configuration === undefined ? markup`` : markup`<p>Configuration: ${report.sender.configuration}</p>`}
</header>
<main>
${summary(report)}
${report.rows.length === 0 ? markup`` : matrix(report)}
${legend(report)}
${report.rows.length === 0 ? markup`` : reasons(report)}
${report.claims.length === 0 ? markup`` : claims(report)}
${notBuilt(report)}
</main>
</body>
</html>
`;
  return page.markup;
}

function summary({ summary: { cells, claims: said, differed } }: Report): Markup {
  return markup`<section aria-labelledby="sum"><h2 id="sum">Result</h2>
<table class="sums"><thead><tr><th scope="col"></th><th scope="col">as expected</th><th scope="col">differed</th><th scope="col">not built</th></tr></thead>
<tbody><tr><th scope="row">Cells</th><td>${cells.passed}</td><td>${cells.differed}</td><td>${cells.notBuilt}</td></tr>
<tr><th scope="row">Claims</th><td>${said.held}</td><td>${said.failed}</td><td>${said.notBuilt}</td></tr></tbody></table>
${differed.length === 0 ? markup`<p>Nothing differed.</p>` : markup`<p>Differed: ${differed.join(", ")}.</p>`}
</section>`;
}

function matrix({ rows, policies }: Report): Markup {
  const head = policies.map(
    (policy) => markup`<th scope="col"><abbr title="${COLUMNS[policy].about}">${policy}</abbr></th>`,
  );
  return markup`<section aria-labelledby="matrix"><h2 id="matrix">Matrix</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="matrix"><table class="matrix">
<thead><tr><th scope="col">Row</th>${head}</tr></thead>
<tbody>
${rows.map(matrixRow)}</tbody></table></div></section>`;
}

function matrixRow(row: ReportRow): Markup {
  return markup`<tr><th scope="row"><a href="#${row.id}">${row.id}</a> ${row.title}</th>${row.cells.map((cell) => matrixCell(cell))}</tr>
`;
}

function matrixCell(cell: ReportCell): Markup {
  if (cell.kind !== "played") return markup`<td class="${cell.kind}">${markOf(cell)}</td>`;
  return markup`<td class="${classOf(cell)}" title="${cell.reason}">${markOf(cell)}</td>`;
}

function classOf(cell: PlayedCell): string {
  if (!cell.asExpected) return "differs";
  if (isLoss(cell.policy, cell.verdict)) return "loss";
  return CLASSES.get(cell.verdict) ?? "held";
}

function reasons({ rows }: Report): Markup {
  const items = rows.map(
    (row) => markup`<section class="row" aria-labelledby="${row.id}"><h3 id="${row.id}">${row.id} ${row.title}</h3>
<p>${row.attack}.</p>
<dl>${row.cells.flatMap((cell) => (cell.kind === "played" ? [reason(cell)] : []))}</dl></section>
`,
  );
  return markup`<section aria-labelledby="why"><h2 id="why">Why</h2>
${items}</section>`;
}

function reason(cell: PlayedCell): Markup {
  const variant = cell.variants > 1 ? markup` <small>worst of ${cell.variants}: ${cell.variant}</small>` : markup``;
  const corrected = cell.corrected === undefined ? markup`` : markup` <small>${cell.corrected}</small>`;
  return markup`<dt>${cell.policy} <b>${markOf(cell)}</b></dt><dd>${cell.reason}${variant}${corrected}</dd>`;
}

function claims({ claims: said }: Report): Markup {
  const rows = said.map(
    ({ row, title, claim, held, seen }) =>
      markup`<tr><th scope="row">${row} ${title}</th><td>${claim}</td><td class="${held ? "held" : "differs"}">${held ? "held" : "failed"}</td><td>${seen}</td></tr>
`,
  );
  return markup`<section aria-labelledby="claims"><h2 id="claims">Claims</h2>
<table><thead><tr><th scope="col">Row</th><th scope="col">What must hold</th><th scope="col">Did it</th><th scope="col">What was seen</th></tr></thead>
<tbody>
${rows}</tbody></table></section>`;
}

function legend({ policies }: Report): Markup {
  return markup`<section aria-labelledby="legend"><h2 id="legend">Legend</h2>
<dl class="legend">${POLICIES.filter((policy) => policies.includes(policy)).map((policy) => markup`<dt>${policy}</dt><dd>${COLUMNS[policy].about}</dd>`)}</dl>
<dl class="legend">${Object.entries(MEANINGS).map(([code, meaning]) => markup`<dt>${code}</dt><dd>${meaning}</dd>`)}
<dt>A≠B</dt><dd>A came of it where B is expected</dd><dt>°</dt><dd>what is expected is not what the catalogue says; the reason names the section</dd>
<dt>-</dt><dd>not built: nobody played it</dd><dt>·</dt><dd>not applicable</dd></dl></section>`;
}

function notBuilt({ notBuilt: ones }: Report): Markup {
  const groups = [...Map.groupBy(ones, ({ why }) => why)].map(
    ([why, those]) => markup`<dt>${why} (${those.length})</dt><dd>${those.map(({ id }) => id).join(", ")}</dd>`,
  );
  return markup`<section aria-labelledby="open"><h2 id="open">Not built</h2>
${groups.length === 0 ? markup`<p>Nothing.</p>` : markup`<dl>${groups}</dl>`}</section>`;
}

/** By what came of the message; a letter stands beside every colour. */
const CLASSES: ReadonlyMap<string, string> = new Map([
  ["S", "safe"],
  ["U", "unproved"],
  ["C", "clear"],
  ["C*", "clear"],
  ["D→C", "clear"],
  ["I", "clear"],
]);
