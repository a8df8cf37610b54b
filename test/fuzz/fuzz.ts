import { isDeepStrictEqual } from "node:util";
import { type Random, seededRandom } from "../../src/base/mod.ts";
import { processorTime } from "../support/processor.ts";
import { startCoverage } from "./coverage.ts";
import { mutate } from "./mutate.ts";

/** A decoder under test. */
export interface Target {
  readonly name: string;
  /** Ends of the addresses of the modules whose blocks guide the search. */
  readonly files: readonly string[];
  readonly seeds: readonly (string | Uint8Array)[];
  readonly words?: readonly string[];
  /** What the decoder makes of the octets. Whatever it throws is a fault. */
  read(octets: Buffer): unknown;
  /** The same for octets that come in these chunks; must give the same. */
  readInChunks?(chunks: readonly Buffer[]): unknown;
  /** Most milliseconds for 64 KiB; default 10. */
  readonly within?: number;
  /** Whether time and growth are held to limits; default true. */
  readonly grows?: boolean;
}

export interface Found {
  readonly target: string;
  readonly runs: number;
  /** Inputs that reached something new, seeds included. */
  readonly corpus: number;
  /** Octets of functions of the files that ran, of all. */
  readonly reached: { readonly ran: number; readonly all: number };
  readonly inputs: readonly Buffer[];
  readonly faults: readonly string[];
}

/**
 * Runs `runs` inputs that grow from the seeds: what reaches a new block is kept and changed further. With `guided` off the
 * seeds alone are changed, which shows what the blocks are good for.
 */
export async function fuzz(
  target: Target,
  runs: number,
  { seed, guided = true }: { readonly seed: number; readonly guided?: boolean },
): Promise<Found> {
  const random = seededRandom(seed);
  const coverage = startCoverage(target.files);
  const words = (target.words ?? [""]).map((word) => Buffer.from(word, "latin1"));
  const corpus: Buffer[] = target.seeds.map((one) =>
    typeof one === "string" ? Buffer.from(one, "latin1") : Buffer.from(one),
  );
  const known = new Set<string>();
  const faults: string[] = [];
  for (const input of corpus) {
    const fault = await tryOne(target, input, random);
    if (fault !== undefined) faults.push(fault);
    for (const block of coverage.take()) known.add(block);
  }
  let done = corpus.length;
  for (; done < runs && faults.length < ENOUGH; done++) {
    const input = mutate(pick(corpus, random), random, { other: pick(corpus, random), words });
    const fault = await tryOne(target, input, random);
    if (fault !== undefined) faults.push(fault);
    if (!guided) continue;
    const blocks = coverage.take();
    if (blocks.isSubsetOf(known)) continue;
    for (const block of blocks) known.add(block);
    corpus.push(input);
  }
  return {
    target: target.name,
    runs: done,
    corpus: corpus.length,
    reached: coverage.reached(),
    inputs: corpus,
    faults,
  };
}

/** The fault that the input shows, with the input in base64. */
async function tryOne(target: Target, input: Buffer, random: Random): Promise<string | undefined> {
  const shown = `${target.name} ${input.toString("base64")}`;
  const began = processorTime();
  try {
    const whole = await target.read(Buffer.from(input));
    if (target.readInChunks !== undefined) {
      const chunked = await target.readInChunks(cutUp(input, random));
      if (!isDeepStrictEqual(whole, chunked)) return `other chunks, other result: ${shown}`;
    }
  } catch (error) {
    return `${error instanceof Error ? (error.stack ?? error.message).split("\n").slice(0, 3).join(" ") : String(error)}: ${shown}`;
  }
  const took = processorTime() - began;
  return took > HANG ? `${Math.round(took)} ms: ${shown}` : undefined;
}

function cutUp(input: Buffer, random: Random): Buffer[] {
  const chunks: Buffer[] = [];
  const most = 1 + random.below(2) * random.below(40);
  for (let at = 0; at < input.length; ) {
    const size = 1 + random.below(most);
    chunks.push(Buffer.from(input.subarray(at, at + size)));
    at += size;
  }
  return chunks;
}

/** Newer inputs more often. */
function pick(corpus: readonly Buffer[], random: Random): Buffer {
  const back = random.below(2) === 0 ? corpus.length : Math.min(corpus.length, 8);
  return corpus[corpus.length - 1 - random.below(back)] ?? Buffer.alloc(0);
}

const ENOUGH = 5;
/** Milliseconds of the processor. An input has at most 4 KiB; far more than any needs. */
const HANG = 2000;
