import { writeFile } from "node:fs/promises";
import { err, ok, type Result } from "../../src/base/mod.ts";
import { catalogue } from "../catalogue/mod.ts";
import { buildReport, type Report, reportHtml, reportJson, reportText, type Sender } from "../report/mod.ts";
import { SCENARIOS } from "../rows/mod.ts";
import { foreignName, runForeign } from "../foreign/mod.ts";
import { type RunOptions, runLab } from "../run/run.ts";
import type { LabResult } from "../types.ts";
import { chosenPolicies, chosenRows, listing } from "./choose.ts";
import { progressOn, type Side } from "./progress.ts";

/** What `hopseal lab` was asked for. */
export interface LabOptions {
  readonly rows: readonly string[];
  readonly policies: readonly string[];
  readonly sender: string;
  readonly seed: number;
  readonly json?: string;
  readonly html?: string;
  readonly list?: boolean;
  /** Of this program. */
  readonly version: string;
}

/** Where the report and the progress go. */
export interface LabScreen {
  readonly out: Side & { readonly columns?: number };
  readonly side: Side;
  readonly colour: boolean;
}

/** What came of it; `words` say why it could not run. */
export type LabEnd =
  | { readonly kind: "done"; readonly asExpected: boolean }
  | { readonly kind: "unfit"; readonly words: string };

/** Plays what was asked for and tells it; throws for faults of the lab itself. */
export async function lab(options: LabOptions, screen: LabScreen): Promise<LabEnd> {
  const chosen = choose(options);
  if (!chosen.ok) return { kind: "unfit", words: chosen.error };
  if (options.list === true) {
    const rows = catalogue().filter(({ id }) => chosen.value.rows?.includes(id) ?? true);
    screen.out.write(`${listing(rows, new Set(SCENARIOS.map(({ row }) => row))).join("\n")}\n`);
    return { kind: "done", asExpected: true };
  }
  const progress = progressOn(screen.side);
  const played = await runnerOf(options)({ ...chosen.value, seed: options.seed, progress });
  progress.end();
  if (!played.ok) return { kind: "unfit", words: played.error };
  const { result, sender } = played.value;
  if (result.cells.length === 0 && result.claims.length === 0) {
    return { kind: "unfit", words: 'Nothing of that is played; "hopseal lab --list" shows what is' };
  }
  const report = buildReport(result, { sender, ...chosen.value });
  screen.out.write(reportText(report, { width: screen.out.columns ?? WIDTH, colour: screen.colour }));
  if (options.json !== undefined) await writeFile(options.json, reportJson(report));
  if (options.html !== undefined) await writeFile(options.html, reportHtml(report));
  return { kind: "done", asExpected: isGood(report) };
}

function choose({ rows, policies }: LabOptions): Result<Pick<RunOptions, "rows" | "policies">, string> {
  const wanted = chosenRows(rows);
  if (!wanted.ok) return wanted;
  const columns = chosenPolicies(policies);
  if (!columns.ok) return columns;
  return ok({
    ...(wanted.value === undefined ? {} : { rows: wanted.value }),
    ...(columns.value === undefined ? {} : { policies: columns.value }),
  });
}

interface Ran {
  readonly result: LabResult;
  readonly sender: Sender;
}
type Runner = (options: RunOptions) => Promise<Result<Ran, string>>;

function runnerOf({ sender, version }: LabOptions): Runner {
  if (sender === "hopseal") {
    const own = { name: "hopseal", version: `Hopseal ${version}` } as const;
    return async (options) => ok({ result: await runLab(options), sender: own });
  }
  const foreign = foreignName(sender);
  if (foreign !== undefined) return async (options) => await runForeign(foreign, options);
  return async () =>
    await Promise.resolve(err(`There is no sender ${JSON.stringify(sender)}; it may be hopseal, postfix or exim`));
}

/** What a foreign sender does otherwise is a finding about it, and no fault; that a lab fails is one. */
function isGood({ sender, summary, cells }: Report): boolean {
  if (sender.name === "hopseal") return summary.differed.length === 0;
  return cells.every(({ verdict }) => verdict !== "ERROR");
}

const WIDTH = 120;
