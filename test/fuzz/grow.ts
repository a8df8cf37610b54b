import type { Target } from "./fuzz.ts";

export interface Growth {
  /** The slowest 64 KiB, in milliseconds, the best of several tries. */
  readonly worst: number;
  readonly faults: readonly string[];
}

/**
 * Blows every input up to 64 and 256 KiB by saying a part of it again and again, and holds the decoder to its time and to
 * linear growth: four times the octets may take little more than four times the time. With
 * `slack`, on a busy machine, the limit is so many times larger and growth is not looked at.
 */
export async function growAll(
  target: Target,
  inputs: readonly Buffer[],
  slack = 1,
  now: () => number = () => performance.now(),
): Promise<Growth> {
  const { within: limit = 10, grows = true } = target;
  const within = limit * slack;
  if (!grows) return { worst: 0, faults: [] };
  const faults: string[] = [];
  let worst = 0;
  for (const input of inputs) {
    for (const part of partsOf(input)) {
      const full = await fastest(target, blowUp(input, part, FULL), { good: within, now });
      worst = Math.max(worst, full);
      const shown = `${target.name} ${part.join("-")} of ${input.toString("base64")}`;
      if (full > within) faults.push(`${full.toFixed(1)} ms for 64 KiB: ${shown}`);
      if (full < MEASURABLE || slack > 1) continue;
      const longer = await fastest(target, blowUp(input, part, FULL * 4), { good: full * FOURFOLD, now });
      if (longer > full * FOURFOLD && longer > 4 * within) {
        faults.push(`${full.toFixed(1)} ms, four times as long ${longer.toFixed(1)} ms: ${shown}`);
      }
    }
  }
  return { worst, faults };
}

type Part = readonly [number, number];

/** The whole input, its halves, its last octet, and a middle piece. */
function partsOf({ length }: Buffer): readonly Part[] {
  if (length === 0) return [];
  const half = length >> 1;
  const parts: Part[] = [
    [0, length],
    [half, length],
    [0, half],
    [half, Math.min(half + 3, length)],
    [half, half + 1],
    [length - 1, length],
  ];
  return parts.filter(([from, to]) => to > from);
}

function blowUp(input: Buffer, [from, to]: Part, size: number): Buffer {
  const room = Math.max(0, size - input.length);
  const part = input.subarray(from, to);
  const middle = Buffer.alloc(room - (room % part.length), part);
  return Buffer.concat([input.subarray(0, to), middle, input.subarray(to)]);
}

/** The best of a few tries, in milliseconds; the first within `good` is enough. */
async function fastest(
  target: Target,
  input: Buffer,
  { good, now }: { readonly good: number; readonly now: () => number },
): Promise<number> {
  let best = Infinity;
  for (let left = TRIES; left > 0 && best > good; left--) {
    const began = now();
    await target.read(input);
    best = Math.min(best, now() - began);
  }
  return best;
}

const FULL = 65_536;
/** Below this, in milliseconds, growth cannot be told from noise, and does not matter. */
const MEASURABLE = 2;
/** What four times the octets may take, times what they took before: the square would take sixteen. */
const FOURFOLD = 9;
const TRIES = 6;
