import { type Profiler, Session } from "node:inspector";

/** Block coverage of this process, asked for in between. */
export interface Coverage extends Disposable {
  /** Blocks of the files under test that ran since the last call, and roughly how often: 1, 2, 4, 8 … times. */
  take(): ReadonlySet<string>;
  /** Octets of functions of those files that ran at any time, and all of them. */
  reached(): { readonly ran: number; readonly all: number };
}

/** Starts to count; `files` are ends of module addresses. The engine runs slower until it is disposed. */
export function startCoverage(files: readonly string[]): Coverage {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
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
    [Symbol.dispose]() {
      // A test runner that counts for itself must be able to go on.
      if (process.env["NODE_V8_COVERAGE"] === undefined) session.post("Profiler.stopPreciseCoverage");
      session.disconnect();
    },
  };
}

/** One function: how long it is, and what of it has never run so far, as parts relative to its start. */
interface Block {
  readonly size: number;
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
  const quiet: (readonly [number, number])[] = [];
  for (const { startOffset, endOffset, count } of ranges) {
    if (count > 0) seen.add(`${url}:${startOffset}-${endOffset}:${Math.floor(Math.log2(count))}`);
    else quiet.push([startOffset - whole.startOffset, endOffset - whole.startOffset]);
  }
  const before = blocks.get(name);
  blocks.set(name, { size, idle: before === undefined ? quiet : intersection(before.idle, quiet) });
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
