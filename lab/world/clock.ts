import type { Clock, Instant, Millis } from "../../src/base/mod.ts";

/**
 * Time of the lab. It stands still while anything happens, and jumps to the next deadline when nothing does, so that a
 * black hole costs a few real milliseconds and a loaded machine sees the same run as an idle one.
 */
export interface LabClock extends Clock {
  /** Something happened; time stands still for now. */
  readonly stir: () => void;
  /** While work goes on of which nothing is seen, such as that of another thread; dispose when it is over. */
  hold(): Disposable;
  /** Resolves when nothing has happened for a while. */
  quiet(): Promise<void>;
  /** Fires what falls due next, and all else that falls due at that moment; false when that is later than `until`. */
  jump(until?: Millis): boolean;
  /** Moves on by `span`, in strides; what falls due in one stride finds all work of the strides before it done. */
  advance(span: Millis): Promise<void>;
}

export function labClock(start: Instant = LAB_START): LabClock {
  const timers = new Map<number, { readonly at: Millis; readonly fn: () => void }>();
  let elapsed: Millis = 0;
  let serial = 0;
  let stirred = 0;
  let held = 0;
  const stir = (): void => void stirred++;
  const quiet = async (): Promise<void> => {
    for (let calm = 0, seen = stirred; calm < CALM; ) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      const busy = held > 0 || stirred !== seen || process.getActiveResourcesInfo().some((one) => REQUESTS.has(one));
      calm = busy ? 0 : calm + 1;
      seen = stirred;
    }
  };
  const jump = (until: Millis = Number.POSITIVE_INFINITY): boolean => {
    const first = Math.min(...[...timers.values()].map(({ at }) => at));
    if (first > until || timers.size === 0) return false;
    elapsed = Math.max(elapsed, first);
    for (const [key, { at, fn }] of Array.from(timers)) if (at <= elapsed && timers.delete(key)) fn();
    return true;
  };
  return {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    after(delay, fn) {
      stir();
      const key = serial++;
      timers.set(key, { at: elapsed + Math.max(delay, 0), fn });
      return {
        [Symbol.dispose]() {
          stir();
          timers.delete(key);
        },
      };
    },
    stir,
    hold() {
      let over = false;
      held++;
      return {
        [Symbol.dispose]() {
          if (!over) held--;
          over = true;
          stir();
        },
      };
    },
    quiet,
    jump,
    async advance(span) {
      const end = elapsed + span;
      while (elapsed < end) {
        await quiet();
        const step = Math.min(end, elapsed + STRIDE);
        while (jump(step));
        elapsed = step;
      }
      await quiet();
    },
  };
}

/** A program has clocks that tick every few seconds; days would last for ever if each tick were waited for. */
const STRIDE: Millis = 1_800_000;
/** Real milliseconds without a sign of work after which nothing goes on. */
const CALM = 12;
/** Work that the system does for us and that ends by itself. */
const REQUESTS: ReadonlySet<string> = new Set([
  "FSReqCallback",
  "FSReqPromise",
  "FileHandleCloseReq",
  "TCPConnectWrap",
  "WriteWrap",
  "ShutdownWrap",
  "SignRequest",
  "ZLIB",
]);
/** Inside the life of every certificate and signature that the lab makes. */
export const LAB_START: Instant = Date.UTC(2026, 2, 3, 8);
