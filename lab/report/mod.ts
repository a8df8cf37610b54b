/** What came of a run of the lab, beside the catalogue: for a terminal, a browser, a program, a document. */
export { buildReport, isLoss, type ReportOptions } from "./build.ts";
export { reportHtml } from "./html.ts";
export { type ReportFile, reportJson } from "./json.ts";
export { MEANINGS, markOf } from "./marks.ts";
export { reportSvg } from "./svg.ts";
export { reportText, type TextOptions } from "./text.ts";
export type { NotBuilt, PlayedCell, Report, ReportCell, ReportRow, Sender, Summary } from "./types.ts";
