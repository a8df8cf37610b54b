import { type Profiler, Session } from "node:inspector";

/** Block coverage of this process, asked for in between. */
export interface Coverage {
  /** Blocks of the files under test that ran since the last call, and roughly how often: 1, 2, 4, 8 … times. */
  take(): ReadonlySet<string>;
  /** Octets of functions of those files that ran at any time, and all of them. */
  reached(): { readonly ran: number; readonly all: number };
}

/** Looks at modules whose addresses end in one of `files`. */
export function startCoverage(files: readonly string[]): Coverage {
  const maps = new Map<string, Map<string, Block>>();
  const take = (): ReadonlySet<string> => {
    const seen = new Set<string>();
    session.post("Profiler.takePreciseCoverage", (error, { result }) => {
      if (error !== null) throw error;
      for (const script of result) {
        if (!files.some((file) => script.url.endsWith(file))) continue;
        for (const { ranges } of script.functions)
          noteFunction(ranges, script.url, { seen, blocks: blocksOf(maps, script.url) });
      }
    });
    return seen;
  };
  return {
    take,
    reached() {
      let ran = 0;
      let all = 0;
      for (const blocks of maps.values()) {
        for (const { size, idle } of blocks.values()) {
          all += size;
          ran += size - unionLength(idle, size);
        }
      }
      return { ran, all };
    },
  };
}

/** One function: how long it is, and what of it has never run so far, as parts relative to its start. */
interface Block {
  readonly size: number;
  /** Where a part began or ended in any report; a part that ran as often as what is around it is not reported for itself. */
  readonly points: Set<number>;
  /** Parts without a run in every report up to now. */
  idle: readonly (readonly [number, number])[];
}

interface Notes {
  readonly seen: Set<string>;
  readonly blocks: Map<string, Block>;
}

function blocksOf(maps: Map<string, Map<string, Block>>, url: string): Map<string, Block> {
  const known = maps.get(url);
  if (known !== undefined) return known;
  const blocks = new Map<string, Block>();
  maps.set(url, blocks);
  return blocks;
}

function noteFunction(ranges: readonly Profiler.CoverageRange[], url: string, { seen, blocks }: Notes): void {
  const [whole] = ranges;
  if (whole === undefined) return;
  const name = `${whole.startOffset}-${whole.endOffset}`;
  const size = whole.endOffset - whole.startOffset;
  const before = blocks.get(name);
  const points = before?.points ?? new Set();
  const quiet: (readonly [number, number])[] = [];
  for (const { startOffset, endOffset, count } of ranges) {
    points.add(startOffset);
    if (endOffset < whole.endOffset) points.add(endOffset);
    if (count === 0) quiet.push([startOffset - whole.startOffset, endOffset - whole.startOffset]);
  }
  for (const point of points) {
    const count = countAt(ranges, point);
    if (count > 0) seen.add(`${url}:${name}:${point}:${Math.floor(Math.log2(count))}`);
  }
  blocks.set(name, { size, points, idle: before === undefined ? quiet : intersection(before.idle, quiet) });
}

/** Of the innermost range, which comes last, for they are told from the outside in. */
function countAt(ranges: readonly Profiler.CoverageRange[], point: number): number {
  return ranges.findLast(({ startOffset, endOffset }) => startOffset <= point && point < endOffset)?.count ?? 0;
}

/** What lies in a part of both lists. */
function intersection(
  left: readonly (readonly [number, number])[],
  right: readonly (readonly [number, number])[],
): readonly (readonly [number, number])[] {
  const both: (readonly [number, number])[] = [];
  for (const [from, to] of left) {
    for (const [start, end] of right) {
      if (Math.max(from, start) < Math.min(to, end)) both.push([Math.max(from, start), Math.min(to, end)]);
    }
  }
  return both;
}

function unionLength(parts: readonly (readonly [number, number])[], most: number): number {
  let reached = 0;
  let sum = 0;
  for (const [from, to] of parts.toSorted(([a], [b]) => a - b)) {
    const start = Math.max(from, reached);
    if (to > start) sum += to - start;
    reached = Math.max(reached, to);
  }
  return Math.min(sum, most);
}

/**
 * Counting goes on as long as the process: what is compiled while nobody counts, or has been counted once before, gets no
 * counters of its blocks any more. Whoever fuzzes imports this first.
 */
const session = new Session();
session.connect();
session.post("Profiler.enable");
session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
