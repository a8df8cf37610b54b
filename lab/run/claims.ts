import type { ClaimCell, ClaimScenario } from "../rows/claims.ts";
import type { ClaimResult } from "../types.ts";
import type { CellPlan } from "../world/cell.ts";
import { scheduleOf } from "./schedule.ts";
import { judge } from "./judge.ts";
import { type Played, playTogether } from "./play.ts";

/** Plays the rows in free text; each holds when every cell of it does. */
export async function playClaims(scenarios: readonly ClaimScenario[], seed: number): Promise<readonly ClaimResult[]> {
  const seen = new Map<ClaimScenario, string[]>();
  const cells = scenarios.flatMap((scenario) =>
    scenario.cells.map((cell) => ({ scenario, cell, plan: planOf(scenario.row, cell) })),
  );
  const groups = Map.groupBy(cells, ({ cell }) => scheduleOf(cell.attack));
  for (const group of groups.values()) {
    const byPlan = new Map(group.map((one) => [one.plan, one]));
    for (const played of await playTogether([...byPlan.keys()], seed)) {
      const one = byPlan.get(played.cell.plan);
      if (one === undefined) throw new Error("A cell that nobody planned");
      const fault = faultOf(played, one.cell);
      if (fault === undefined) continue;
      const where = [one.cell.variant, one.cell.policy].filter((part) => part !== "").join(" ");
      seen.set(one.scenario, [...(seen.get(one.scenario) ?? []), `${where}: ${fault}`]);
    }
  }
  return scenarios.map((scenario) => {
    const faults = seen.get(scenario) ?? [];
    const { row, claim } = scenario;
    return {
      row,
      claim,
      held: faults.length === 0,
      seen: faults.length === 0 ? said(scenario) : faults.sort().join("; "),
    };
  });
}

function planOf(row: string, { variant, policy, base, attack }: ClaimCell): CellPlan {
  return { row, variant, policy, attack, base: base ?? (policy === "P7" ? "P5c" : policy) };
}

/** What is not as claimed; undefined when all is. */
function faultOf(played: Played, { ends, hidden = [], ephemeral, notices, stored }: ClaimCell): string | undefined {
  const { verdict, reason } = judge(played, { verdict: ends[0] ?? "S" });
  if (!ends.includes(verdict)) return `${verdict}: ${reason}`;
  const wire = [...played.cell.record.raw.values()].filter(({ place }) => place === "wire");
  const octets = Buffer.concat(wire.flatMap(({ chunks }) => chunks));
  const shown = hidden.find((text) => octets.includes(played.cell.names.spell(text)));
  if (shown !== undefined) return `the wire shows ${JSON.stringify(shown)}`;
  if (notices !== undefined && played.notices.length !== notices) return `${played.notices.length} notices came of it`;
  const kept = stored?.map(played.cell.names.spell).sort() ?? played.stored;
  if (String(kept) !== String(played.stored)) return `policies are kept of ${played.stored.join(", ")}`;
  const session = played.attempts.at(-1)?.session;
  if (ephemeral === true && !(session?.version === "TLSv1.3" || EPHEMERAL.test(session?.cipher ?? "")))
    return `keys without forward secrecy: ${session?.cipher}`;
  return undefined;
}

function said({ cells }: ClaimScenario): string {
  const ends = [...new Set(cells.flatMap((cell) => cell.ends))].sort().join(", ");
  return `${cells.length} played, every one as claimed (${ends})`;
}

const EPHEMERAL = /^(?:ECDHE|DHE)-/;
