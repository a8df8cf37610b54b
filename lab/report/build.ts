import { COLUMNS, type CatalogueRow, catalogue } from "../catalogue/mod.ts";
import { type CellResult, isAsExpected, type LabResult, POLICIES, type PolicyId, type Verdict } from "../types.ts";
import type { NotBuilt, PlayedCell, Report, ReportCell, ReportRow, Sender } from "./types.ts";
import { whyNotBuilt, whyNotPlayed } from "./why_not.ts";

export interface ReportOptions {
  readonly sender: Sender;
  /** Only these rows and columns were asked for; default all. */
  readonly rows?: readonly string[];
  readonly policies?: readonly PolicyId[];
}

/** Puts results beside the catalogue: what passed, what differed, and what nobody played. */
export function buildReport(result: LabResult, options: ReportOptions): Report {
  const policies = POLICIES.filter((policy) => options.policies?.includes(policy) ?? true);
  const known = new Map(catalogue().map((row) => [row.id, row]));
  const played = new Map(Map.groupBy(result.cells, ({ row, policy }) => `${row} ${policy}`));
  const asked = (id: string): boolean => options.rows?.includes(id) ?? true;
  const ids = [...new Set([...known.keys(), ...result.cells.map(({ row }) => row)])].filter(asked).sort();
  const rows = ids
    .map((id) => reportRow(known.get(id) ?? stranger(id), policies, played))
    .filter(({ cells }) => cells.some(({ kind }) => kind !== "none"));
  const claimed = new Set(result.claims.map(({ row }) => row));
  const withColumns = options.policies !== undefined;
  const openClaims = [...known.values()].filter(
    ({ id, claim }) => claim !== undefined && asked(id) && !claimed.has(id) && !withColumns,
  );
  const why = options.sender.name === "hopseal" ? whyNotBuilt : whyNotPlayed;
  const notBuilt: NotBuilt[] = [
    ...rows.flatMap(({ id, cells }) =>
      cells.flatMap(({ kind, policy }) =>
        kind === "not-built" ? [{ id: `${id} ${policy}`, why: why(id, policy) }] : [],
      ),
    ),
    ...openClaims.map(({ id }) => ({ id, why: why(id) })),
  ];
  const cells = rows.flatMap((row) =>
    row.cells.filter((cell) => cell.kind === "played").map((cell) => ({ row, cell })),
  );
  const claims = result.claims.map((claim) => ({ ...claim, title: known.get(claim.row)?.title ?? claim.row }));
  const bad = cells.filter(({ cell }) => !cell.asExpected);
  const failed = claims.filter(({ held }) => !held);
  return {
    sender: options.sender,
    seed: result.seed,
    policies,
    rows,
    cells: result.cells,
    claims,
    notBuilt,
    summary: {
      cells: { passed: cells.length - bad.length, differed: bad.length, notBuilt: notBuilt.length - openClaims.length },
      claims: { held: claims.length - failed.length, failed: failed.length, notBuilt: openClaims.length },
      differed: [...bad.map(({ row, cell }) => `${row.id} ${cell.policy}`), ...failed.map(({ row }) => row)],
    },
  };
}

function reportRow(
  row: CatalogueRow,
  policies: readonly PolicyId[],
  played: ReadonlyMap<string, readonly CellResult[]>,
): ReportRow {
  const cells = policies.map((policy): ReportCell => {
    const results = played.get(`${row.id} ${policy}`);
    if (results !== undefined) return worstOf(results);
    const expected = row.cells.find((cell) => cell.policy === policy);
    if (expected === undefined) return { kind: "none", policy };
    return { kind: "not-built", policy, expected: expected.corrected?.verdict ?? expected.given };
  });
  return { id: row.id, title: row.title, attack: row.attack, cells };
}

function worstOf(results: readonly CellResult[]): PlayedCell {
  const [worst] = [...results].sort((a, b) => badness(b) - badness(a) || (a.variant < b.variant ? -1 : 1));
  if (worst === undefined) throw new Error("A cell without results");
  const { policy, verdict, expected, corrected, alert, wrongAlert, reason, variant } = worst;
  return {
    kind: "played",
    policy,
    verdict,
    expected,
    asExpected: isAsExpected(worst),
    ...(corrected === undefined ? {} : { corrected }),
    alert,
    reason: wrongAlert === undefined ? reason : `${wrongAlert}; ${reason}`,
    variant,
    variants: results.length,
  };
}

function badness(cell: CellResult): number {
  return (isAsExpected(cell) ? 0 : 100) + WORSE.indexOf(cell.verdict);
}

/** A row that the lab has and the catalogue has not, such as the one without an attack. */
function stranger(id: string): CatalogueRow {
  return {
    id,
    group: id.slice(0, 1),
    positions: [],
    alert: "N",
    refs: [],
    title: "Nothing is attacked",
    attack: "Does nothing",
    cells: [],
  };
}

/** Whether an outcome gives the message away in a column that promises that it will not. */
export function isLoss(policy: PolicyId, verdict: Verdict): boolean {
  return COLUMNS[policy].enforces && GIVEN_AWAY.includes(verdict);
}

const GIVEN_AWAY: readonly Verdict[] = ["C", "C*", "D→C", "I"];
const WORSE: readonly Verdict[] = ["S", "U", "X", "B", "D", "D→C", "C*", "C", "I", "DUP", "LOST", "ERROR"];
