import { fuzz, type Found, type Target } from "./fuzz.ts";
import { growAll, type Growth } from "./grow.ts";

export interface Report extends Found, Pick<Growth, "worst"> {
  /** Octets of memory held more than before. */
  readonly held: number;
  readonly seconds: number;
}

/** Fuzzes one decoder, then blows up its corpus, or the newest `most` of it. */
export async function examine(
  target: Target,
  options: { runs: number; seed: number; most?: number; slack?: number },
): Promise<Report> {
  const { runs, seed, most = Infinity, slack = 1 } = options;
  const began = performance.now();
  const before = inUse();
  const found = await fuzz(target, runs, { seed });
  const seeds = Math.min(most, target.seeds.length);
  const inputs = most === 0 ? [] : [...found.inputs.slice(0, seeds), ...found.inputs.slice(seeds).slice(-most)];
  const { worst, faults } = await growAll(target, inputs, slack);
  const held = Math.max(0, inUse() - before);
  const memory = held > MOST_HELD ? [`${target.name} holds ${held} octets more than before`] : [];
  const all = [...found.faults, ...faults, ...memory];
  return { ...found, worst, held, faults: all, seconds: (performance.now() - began) / 1000 };
}

/** One line for people. */
export function lineOf({ target, runs, corpus, reached, worst, faults, seconds }: Report): string {
  const share = reached.all === 0 ? "-" : `${((100 * reached.ran) / reached.all).toFixed(1)} %`;
  const columns = [
    target.padEnd(34),
    `${runs} runs`,
    `${corpus} kept`,
    share,
    `${worst.toFixed(1)} ms/64K`,
    `${seconds.toFixed(1)} s`,
  ];
  return `${columns.join("  ")}${faults.length === 0 ? "" : `  ${faults.length} FAULTS`}`;
}

function inUse(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const MOST_HELD = 200_000_000;
