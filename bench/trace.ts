import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import PostalMime from "postal-mime";
import { interpretTrace } from "../src/trace/mod.ts";
import { vectors } from "../test/support/vectors.ts";

export interface TraceResult {
  readonly name: "trace only, beside postal-mime reading whole messages";
  readonly messages: number;
  readonly octets: number;
  /** Messages per second, one figure a round. */
  readonly hopseal: readonly number[];
  readonly postalMime: readonly number[];
  /** Ratio of the medians. */
  readonly ratio: number;
  readonly bound: number;
  readonly good: boolean;
}

/** Messages per second over one set of files, in one process, in rounds that alternate; undefined without the files. */
export async function trace(): Promise<TraceResult | undefined> {
  const set = vectors("mail");
  if (set.skip !== false) return undefined;
  const files = messagesBelow(set.path).map((file) => readFileSync(file));
  const figures = { hopseal: [] as number[], postalMime: [] as number[] };
  const ours = (): void => {
    for (const file of files) interpretTrace(file);
  };
  const theirs = async (): Promise<void> => {
    for (const file of files) await PostalMime.parse(file);
  };
  for (let round = 0; round <= ROUNDS; round++) {
    const [hopseal, postalMime] = [await rate(ours, files.length), await rate(theirs, files.length)];
    // The first round warms both up.
    if (round === 0) continue;
    figures.hopseal.push(hopseal);
    figures.postalMime.push(postalMime);
  }
  const ratio = Number((median(figures.hopseal) / median(figures.postalMime)).toFixed(2));
  const octets = files.reduce((sum, file) => sum + file.length, 0);
  return { name: NAME, messages: files.length, octets, ...figures, ratio, bound: BOUND, good: ratio >= BOUND };
}

async function rate(work: () => void | Promise<void>, messages: number): Promise<number> {
  const begin = performance.now();
  let done = 0;
  while (performance.now() - begin < LEAST) {
    await work();
    done += messages;
  }
  return Math.round((done * 1000) / (performance.now() - begin));
}

function messagesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".eml"))
    .map((name) => join(folder, name))
    .sort();
}

function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const NAME = "trace only, beside postal-mime reading whole messages";
const BOUND = 2;
const ROUNDS = 7;
/** Milliseconds a round. */
const LEAST = 300;

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const result = await trace();
  process.stdout.write(`${JSON.stringify(result ?? { name: NAME, skipped: "vectors/mail is not here" })}\n`);
  if (result?.good === false) process.exitCode = 1;
}
