import type { NotBuilt, Report } from "./types.ts";
import { wrap } from "./wrap.ts";

/** The last lines: what passed, what differed and what nobody played, each by name. */
export function summaryLines(report: Report, width: number): readonly string[] {
  const { cells, claims, differed } = report.summary;
  const { sender } = report;
  const foreign = sender.name !== "hopseal";
  const played = cells.passed + cells.differed;
  const first = foreign
    ? `${sender.version} under this configuration: ${cells.passed} of ${played} cells are what is expected of Hopseal, ${cells.differed} differ`
    : `Passed: ${cells.passed} of ${played} cells, ${claims.held} of ${claims.held + claims.failed} claims`;
  return [
    `Sender: ${sender.version}; seed ${report.seed}`,
    ...(sender.configuration === undefined ? [] : wrap(`Configuration: ${sender.configuration}`, width)),
    first,
    ...listed(`Differed: ${differed.length}`, differed, width),
    `Not built: ${cells.notBuilt} cells, ${claims.notBuilt} claims`,
    ...notBuiltLines(report.notBuilt, width),
  ];
}

function notBuiltLines(notBuilt: readonly NotBuilt[], width: number): string[] {
  const reasons = Map.groupBy(notBuilt, ({ why }) => why);
  return [...reasons].flatMap(([why, ones]) =>
    listed(`  ${why} (${ones.length})`, byRow(ones.map(({ id }) => id)), width),
  );
}

/** "A01 P8", "A01 P9" → "A01 P8 P9". */
function byRow(ids: readonly string[]): readonly string[] {
  const rows = Map.groupBy(ids, (id) => id.split(" ", 1)[0] ?? id);
  return [...rows].map(([row, all]) => [row, ...all.flatMap((id) => id.split(" ").slice(1))].join(" "));
}

function listed(head: string, ids: readonly string[], width: number): string[] {
  if (ids.length === 0) return [head];
  return wrap(`${head}: ${ids.join(", ")}`, width - 4).map((line, at) => (at === 0 ? line : `    ${line}`));
}
