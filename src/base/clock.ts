import { uptime } from "node:os";

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;
/** A length of time in milliseconds. */
export type Millis = number;

/**
 * The only source of time. Cores take an `Instant`; shells take a `Clock`, so that a test or the lab can move it.
 */
export interface Clock {
  /** Wall time; may jump. */
  now(): Instant;
  /** Never goes backwards; for measuring and deadlines. */
  monotonic(): Millis;
  /** Grows by what the machine sleeps, which `monotonic` leaves out; a clock without it knows of no sleep. */
  asleep?(): Millis;
  /** Calls `fn` once after `delay`; disposing the handle cancels it. */
  after(delay: Millis, fn: () => void): Disposable;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  asleep: () => uptime() * 1000 - performance.now(),
  after(delay, fn) {
    const timer = setTimeout(fn, Math.min(delay, LONGEST_TIMER));
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/** Waits on `clock`; rejects with the signal's reason when `signal` aborts first. */
export function sleep(clock: Clock, delay: Millis, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = clock.after(delay, () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    });
    const stop = (): void => {
      timer[Symbol.dispose]();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** setTimeout fires at once beyond 2^31-1 ms. */
const LONGEST_TIMER: Millis = 0x7fffffff;
