import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { RunOptions } from "../run/run.ts";
import type { CellResult, LabResult } from "../types.ts";
import type { Cell, Mutant } from "./types.ts";

/** What became of one mutant. */
export interface Proof {
  readonly id: string;
  readonly bug: string;
  /** Cells that came out otherwise than without the bug, e.g. "A04 P2: C instead of D"; none means that it lives. */
  readonly flipped: readonly string[];
  /** The lab fell over it, which is no flip. */
  readonly fault?: string;
  /** Cells that it was to be seen in and that are played. */
  readonly watched: number;
}

/** Plays the cells of each mutant with the bug and without it, a few at a time, each in a process of its own. */
export async function prove(mutants: readonly Mutant[], tell: (proof: Proof) => void): Promise<readonly Proof[]> {
  const healthy = await outcomes(
    mutants.flatMap(({ kills }) => kills),
    undefined,
  );
  const waiting = mutants.values();
  const proofs: Proof[] = [];
  const lane = async (): Promise<void> => {
    for (const mutant of waiting) {
      const proof = await proveOne(mutant, healthy);
      proofs.push(proof);
      tell(proof);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return proofs.sort((a, b) => (a.id < b.id ? -1 : 1));
}

type Outcomes = ReadonlyMap<string, string>;

async function proveOne(mutant: Mutant, healthy: Outcomes): Promise<Proof> {
  const { id, bug, kills } = mutant;
  const named = kills.map((cell) => cell.join(" "));
  const watched = [...healthy.keys()].filter((cell) => named.some((one) => cell === one || cell.startsWith(`${one} `)));
  try {
    const sick = await outcomes(kills, id);
    const flipped = watched.flatMap((cell) => {
      const [before, after] = [healthy.get(cell), sick.get(cell)];
      return after === undefined || after === before ? [] : [`${cell}: ${after} instead of ${before}`];
    });
    return { id, bug, flipped, watched: watched.length };
  } catch (error) {
    const fault = (error instanceof Error ? error.message : String(error)).slice(0, 400);
    return { id, bug, flipped: [], watched: watched.length, fault };
  }
}

/** By row, column and variant: what came of it; claims by row. */
async function outcomes(cells: readonly Cell[], id: string | undefined): Promise<Outcomes> {
  const policies = [...new Set(cells.flatMap(([, policy]) => (policy === undefined ? [] : [policy])))];
  // Rows in words are played only where no column is asked for.
  const [inColumns, whole] = [cells.filter(([, policy]) => policy !== undefined), cells.filter(isWhole)].map(rowsOf);
  const found = new Map<string, string>();
  for (const asked of [{ rows: inColumns ?? [], policies }, { rows: whole ?? [] }]) {
    if (asked.rows.length === 0) continue;
    const result = await runLab(asked, id);
    for (const cell of result.cells) found.set(nameOf(cell), cell.wrongAlert ?? cell.verdict);
    for (const { row, held } of result.claims) found.set(row, held ? "held" : "failed");
  }
  return found;
}

function isWhole([, policy]: Cell): boolean {
  return policy === undefined;
}

function rowsOf(cells: readonly Cell[]): readonly string[] {
  return [...new Set(cells.map(([row]) => row))];
}

function nameOf({ row, policy, variant }: CellResult): string {
  return variant === "" ? `${row} ${policy}` : `${row} ${policy} [${variant}]`;
}

/** The lab in a process of its own, with the bug in it or without one. */
async function runLab(asked: Pick<RunOptions, "rows" | "policies">, mutant: string | undefined): Promise<LabResult> {
  const hook = new URL("hook.ts", import.meta.url).href;
  const child = fileURLToPath(new URL("child.ts", import.meta.url));
  const env = mutant === undefined ? process.env : { ...process.env, HOPSEAL_LAB_MUTANT: mutant };
  const args = ["--import", hook, child, JSON.stringify(asked)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: LIMIT, maxBuffer: 64e6 });
  return JSON.parse(stdout) as LabResult;
}

const LANES = 2;
const LIMIT = 300_000;
