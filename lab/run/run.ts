import { catalogue } from "../catalogue/mod.ts";
import { playClients } from "../clients/run.ts";
import { CLAIMS } from "../rows/claims.ts";
import { CLIENT_ROWS } from "../rows/clients.ts";
import { SCENARIOS } from "../rows/mod.ts";
import { type CellResult, type LabResult, POLICIES, type PolicyId, type Scenario } from "../types.ts";
import type { CellPlan } from "../world/cell.ts";
import { playClaims } from "./claims.ts";
import { type Expected, expectedOf } from "./expect.ts";
import { judge } from "./judge.ts";
import { playTogether } from "./play.ts";
import { scheduleOf } from "./schedule.ts";

export interface RunOptions {
  /** Default all. */
  readonly rows?: readonly string[];
  readonly policies?: readonly PolicyId[];
  readonly seed: number;
  /** Told after each group of cells. */
  readonly progress?: (done: number, of: number) => void;
  /** Default those of the lab; for tests of the lab itself. */
  readonly scenarios?: readonly Scenario[];
}

/** Plays the catalogue against the real program; the same seed gives the same result, octet by octet. */
export async function runLab(options: RunOptions): Promise<LabResult> {
  const { rows, policies = POLICIES, seed, progress } = options;
  const scenarios = (options.scenarios ?? SCENARIOS).filter(({ row }) => rows?.includes(row) ?? true);
  const known = new Map(catalogue().map((row) => [row.id, row]));
  const planned = scenarios.flatMap((scenario) =>
    plansOf(scenario, policies, (policy, variant) =>
      expectedOf({ scenario, variant, policy }, known.get(scenario.row)),
    ),
  );
  const groups = [...Map.groupBy(planned, ({ plan }) => scheduleOf(plan.attack)).values()];
  const cells: CellResult[] = [];
  for (const group of groups) {
    const expectations = new Map(group.map(({ plan, expected }) => [plan, expected]));
    for (const played of await playTogether([...expectations.keys()], seed))
      cells.push(judge(played, expectations.get(played.cell.plan) as Expected));
    progress?.(cells.length, planned.length);
  }
  // What is asked of one column, or of other scenarios, is not asked of rows in words.
  const whole = options.policies === undefined && options.scenarios === undefined;
  const asked = <T extends { readonly row: string }>(all: readonly T[]): readonly T[] =>
    whole ? all.filter(({ row }) => rows?.includes(row) ?? true) : [];
  const claims = [...(await playClaims(asked(CLAIMS), seed)), ...(await playClients(asked(CLIENT_ROWS), seed))];
  claims.sort((a, b) => (a.row < b.row ? -1 : 1));
  return { version: 1, seed, cells: cells.sort(inOrder), claims };
}

interface Planned {
  readonly plan: CellPlan;
  readonly expected: Expected;
}

function plansOf(
  { row, variants, policies: only, base = "P5c" }: Scenario,
  asked: readonly PolicyId[],
  expect: (policy: PolicyId, variant: Scenario["variants"][number]) => Expected | undefined,
): readonly Planned[] {
  return variants.flatMap((variant) =>
    asked.flatMap((policy) => {
      const wanted = (variant.policies ?? only)?.includes(policy) ?? true;
      const expected = wanted && PLAYED.has(policy) ? expect(policy, variant) : undefined;
      if (expected === undefined) return [];
      const plan = { row, variant: variant.id, policy, attack: variant.attack, base: policy === "P7" ? base : policy };
      return [{ plan, expected }];
    }),
  );
}

function inOrder(a: CellResult, b: CellResult): number {
  if (a.row !== b.row) return a.row < b.row ? -1 : 1;
  const columns = POLICIES.indexOf(a.policy) - POLICIES.indexOf(b.policy);
  if (columns !== 0) return columns;
  return a.variant < b.variant ? -1 : 1;
}

/** Submission by mail clients is not built. */
const PLAYED: ReadonlySet<PolicyId> = new Set(POLICIES.filter((policy) => policy !== "P8" && policy !== "P9"));
