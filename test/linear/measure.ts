import { processorTime } from "../support/processor.ts";

/** What is measured: octets in, time out. */
export interface Subject {
  read(octets: Buffer): unknown;
}

/** Milliseconds of the processor that this thread took so far; work beside takes no part of it. */
export type Processor = () => number;

/** What one run costs, the mean of as many as fill the window, and the least of a few windows while it is above `good`. */
export async function costOf(
  subject: Subject,
  input: Buffer,
  { good = 0, now = processorTime }: { readonly good?: number; readonly now?: Processor } = {},
): Promise<number> {
  let least = Infinity;
  for (let left = WINDOWS; left > 0 && (left === WINDOWS || least > good); left--) {
    const began = now();
    let runs = 0;
    let took = 0;
    while (runs < LEAST_RUNS || (took < WINDOW && runs < MOST_RUNS)) {
      await subject.read(input);
      runs++;
      took = now() - began;
    }
    least = Math.min(least, took / runs);
  }
  return least;
}

/**
 * How many times longer twice the octets take, the mean of two doublings from 64 KiB on: 2 where time is linear, 4 where
 * it is the square. Measured anew, up to four times, while it is too high to be believed.
 */
export async function growthOf(
  subject: Subject,
  make: (size: number) => Buffer,
  now: Processor = processorTime,
): Promise<number> {
  let least = Infinity;
  for (let left = WINDOWS; left > 0 && least >= MOST_GROWTH; left--) {
    const [small, large] = [make(FULL), make(FULL << DOUBLINGS)];
    const before = await costOf(subject, small, { good: Infinity, now });
    const after = await costOf(subject, large, { good: Infinity, now });
    least = Math.min(least, (after / before) ** (1 / DOUBLINGS));
  }
  return least;
}

/** 64 KiB. */
export const FULL = 65_536;
/** What twice the octets may take, times what they took before. */
export const MOST_GROWTH = 3;
/** Milliseconds: the system counts a thread's time in ticks of up to four. */
const WINDOW = 25;
const LEAST_RUNS = 2;
/** A clock that stands still ends, too. */
const MOST_RUNS = 1000;
const WINDOWS = 4;
const DOUBLINGS = 2;
