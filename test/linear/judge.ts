import type { Target } from "../fuzz/fuzz.ts";
import { kindsOf } from "./kinds.ts";
import { costOf, FULL, growthOf, MOST_GROWTH } from "./measure.ts";

export interface JudgeOptions {
  /** How many of a target's own beginnings are tried. */
  readonly seeds: number;
  /** How many of the costliest kinds are held to linear growth. */
  readonly doubled: number;
  /** How many times longer than its limit 64 KiB may take. */
  readonly slack: number;
}

export interface Judged {
  readonly kinds: number;
  /** Of all kinds, for 64 KiB, in milliseconds of the processor. */
  readonly worst: { readonly name: string; readonly cost: number };
  /** Of those that were doubled: the highest mean growth. */
  readonly growth: number;
  readonly faults: readonly string[];
}

/**
 * Holds a decoder to 64 KiB of anything within its limit, 10 ms unless it says otherwise, and to linear time over the kinds
 * that cost most. What is quadratic costs most: of 64 Ki octets the square is four billion.
 */
export async function judge(target: Target, { seeds, doubled, slack }: JudgeOptions): Promise<Judged> {
  const kinds = kindsOf({
    seeds: target.seeds.slice(0, seeds).map(octetsOf),
    words: (target.words ?? []).map(octetsOf),
  });
  const limit = (target.within ?? LIMIT) * slack;
  const costly: { readonly name: string; readonly cost: number; make(size: number): Buffer }[] = [];
  for (const { name, make } of kinds) {
    const input = make(FULL);
    const began = performance.now();
    await target.read(input);
    // Work beside makes a run longer, never shorter.
    const once = performance.now() - began;
    if (once > LOOK_AGAIN) costly.push({ name, make, cost: once });
  }
  costly.sort((left, right) => right.cost - left.cost);
  const judged: { name: string; cost: number }[] = [];
  const faults: string[] = [];
  let growth = 0;
  for (const [at, { name, make, cost: once }] of costly.entries()) {
    if (at >= doubled && once <= limit) break;
    const cost = await costOf(target, make(FULL), { good: limit });
    judged.push({ name, cost });
    if (cost > limit) faults.push(`${name}: ${cost.toFixed(1)} ms for 64 KiB`);
    if (at >= doubled || cost < LOOK_AGAIN / 2) continue;
    const grew = await growthOf(target, make);
    growth = Math.max(growth, grew);
    if (grew >= MOST_GROWTH) faults.push(`${name}: twice the octets take ${grew.toFixed(1)} times as long`);
  }
  const worst = judged.reduce((most, one) => (one.cost > most.cost ? one : most), { name: "", cost: 0 });
  return { kinds: kinds.length, worst, growth, faults };
}

function octetsOf(text: string | Uint8Array): Buffer {
  return typeof text === "string" ? Buffer.from(text, "latin1") : Buffer.from(text);
}

/** Milliseconds for 64 KiB. */
const LIMIT = 10;
const LOOK_AGAIN = 1;
