import { COLUMNS, type CatalogueRow, catalogue, GROUPS } from "../catalogue/mod.ts";
import { POLICIES, type PolicyId, type Verdict } from "../types.ts";
import { lossesOf, type Outcome, type Outcomes } from "./outcomes.ts";
import { RESIDUAL } from "./residual.ts";

/** What the document says of outcomes, by the name of the place where it stands. */
export function blocksOf(outcomes: Outcomes): ReadonlyMap<string, string> {
  const rows = catalogue();
  const flat = POLICIES.map((policy) => countsOf(outcomes, policy));
  return new Map([
    ["summary", summary(outcomes)],
    ["columns", columns(flat)],
    ["matrix", matrices(rows, outcomes)],
    ["claims", claims(rows, outcomes)],
    ["residual", residual(outcomes)],
    ["losses", losses(outcomes)],
    ["corrections", corrections(outcomes)],
    ["not-built", notBuilt(outcomes)],
    ...flat.flatMap(({ policy, counts }): [string, string][] =>
      COUNTED.map((code) => [`count ${code} ${policy}`, String(counts.get(code) ?? 0)]),
    ),
  ]);
}

interface Counts {
  readonly policy: PolicyId;
  readonly counts: ReadonlyMap<Verdict, number>;
}

function countsOf({ cells }: Outcomes, policy: PolicyId): Counts {
  const counts = new Map<Verdict, number>();
  for (const row of Object.values(cells)) {
    const verdict = row[policy]?.verdict;
    if (verdict !== undefined) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  }
  return { policy, counts };
}

function summary({ cells, claims: held, notBuilt: open }: Outcomes): string {
  const all = Object.values(cells).flatMap((row) => Object.values(row));
  const differed = all.filter(({ expected }) => expected !== undefined).length;
  const failed = Object.values(held).filter((one) => !one).length;
  const cellsOpen = open.filter((id) => id.includes(" ")).length;
  return [
    `| | as expected | differed | not built |`,
    `|---|---|---|---|`,
    `| cells (attack × policy) | ${all.length - differed} | ${differed} | ${cellsOpen} |`,
    `| claims (attacks without columns) | ${Object.keys(held).length - failed} | ${failed} | ${open.length - cellsOpen} |`,
  ].join("\n");
}

/** How often each came of an attack, by column. */
function columns(flat: readonly Counts[]): string {
  const played = flat.filter(({ counts }) => counts.size > 0);
  return [
    `| | ${COUNTED.join(" | ")} | |`,
    `|---|${COUNTED.map(() => "---|").join("")}---|`,
    ...played.map(
      ({ policy, counts }) =>
        `| **${policy}** | ${COUNTED.map((code) => counts.get(code) ?? "").join(" | ")} | ${COLUMNS[policy].about} |`,
    ),
  ].join("\n");
}

function matrices(rows: readonly CatalogueRow[], { cells }: Outcomes): string {
  return Object.entries(GROUPS)
    .flatMap(([letter, name]) => {
      const members = rows.filter(({ id }) => id.startsWith(letter) && cells[id] !== undefined);
      if (members.length === 0) return [];
      const used = POLICIES.filter((policy) => members.some(({ id }) => cells[id]?.[policy] !== undefined));
      return [
        [
          `### ${letter}. ${name}`,
          "",
          `| | ${used.join(" | ")} | |`,
          `|---|${used.map(() => "---|").join("")}---|`,
          ...members.map(
            ({ id, title, attack }) =>
              `| ${id} | ${used.map((policy) => markOf(cells[id]?.[policy])).join(" | ")} | **${title}.** ${attack}. |`,
          ),
        ].join("\n"),
      ];
    })
    .join("\n\n");
}

function markOf(outcome: Outcome | undefined): string {
  if (outcome === undefined) return "";
  const { verdict, expected, corrected } = outcome;
  const mark = verdict.replace("*", "\\*");
  return expected === undefined ? `${mark}${corrected === undefined ? "" : "°"}` : `**${mark}≠${expected}**`;
}

function claims(rows: readonly CatalogueRow[], { claims: held }: Outcomes): string {
  return [
    "| | | what must hold | held |",
    "|---|---|---|---|",
    ...rows.flatMap(({ id, title, claim }) =>
      held[id] === undefined ? [] : [`| ${id} | ${title} | ${claim ?? ""} | ${held[id] ? "yes" : "**no**"} |`],
    ),
  ].join("\n");
}

function residual({ cells }: Outcomes): string {
  return RESIDUAL.map(({ rows, what, left }) => {
    const seen = rows.flatMap((row) => {
      const lost = lossesOf({ version: 1, cells: { [row]: cells[row] ?? {} }, claims: {}, notBuilt: [] });
      return lost.length === 0
        ? [row]
        : [`${row} (${lost.map(({ policy, verdict }) => `${policy} ${verdict}`).join(", ")})`];
    });
    return `- **${what}.** ${left} *${seen.join("; ")}*`;
  }).join("\n");
}

/** Where an enforcing column gave the message away; each is in the list above, which a test checks. */
function losses(outcomes: Outcomes): string {
  const all = lossesOf(outcomes);
  const total = Object.values(outcomes.cells)
    .flatMap((row) => Object.keys(row))
    .filter((policy) => COLUMNS[policy as PolicyId].enforces).length;
  return `${all.length} of ${total}`;
}

function corrections({ cells }: Outcomes): string {
  const all = Object.entries(cells).flatMap(([row, columnsOf]) =>
    Object.entries(columnsOf).flatMap(([policy, { verdict, expected, corrected }]) =>
      corrected === undefined ? [] : [{ row, policy, verdict: expected ?? verdict, corrected }],
    ),
  );
  const alike = Map.groupBy(all, ({ row, verdict, corrected }) => `${row} ${verdict} ${corrected}`);
  return [
    "| row | columns | expected here | because |",
    "|---|---|---|---|",
    ...[...alike.values()].map((ones) => {
      const [first] = ones;
      return `| ${first?.row} | ${ones.map(({ policy }) => policy).join(" ")} | ${first?.verdict.replace("*", "\\*")} | ${first?.corrected} |`;
    }),
  ].join("\n");
}

function notBuilt({ notBuilt: open }: Outcomes): string {
  const columnsOf = Map.groupBy(
    open.filter((id) => id.includes(" ")),
    (id) => id.split(" ")[1] ?? "",
  );
  const rows = open.filter((id) => !id.includes(" "));
  return [
    ...[...columnsOf]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([policy, ids]) => `- column ${policy} of ${ids.map((id) => id.split(" ")[0]).join(", ")} (${ids.length})`),
    ...(rows.length === 0 ? [] : [`- ${rows.join(", ")} (${rows.length})`]),
  ].join("\n");
}

const COUNTED: readonly Verdict[] = ["S", "U", "C", "C*", "D→C", "I", "D", "B"];
