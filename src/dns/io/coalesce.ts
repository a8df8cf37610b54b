/**
 * Identical work is done once and shared. Work is stopped when all who wait for it have left; one who leaves harms
 * nobody else.
 */
export interface Coalescer<T> {
  /** Joins the work under `key`, or starts it. Rejects when `signal` aborts, or as the work does. */
  join(key: string, start: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Stops all work that is under way. */
  end(): void;
  readonly size: number;
}

export function createCoalescer<T>(): Coalescer<T> {
  const running = new Map<string, Work<T>>();

  function begin(key: string, start: (signal: AbortSignal) => Promise<T>): Work<T> {
    const stop = new AbortController();
    const work: Work<T> = { stop, waiting: 0, done: start(stop.signal) };
    running.set(key, work);
    const finish = (): void => {
      if (running.get(key) === work) running.delete(key);
    };
    work.done.then(finish, finish);
    return work;
  }

  function leave(key: string, work: Work<T>): void {
    work.waiting--;
    if (work.waiting > 0) return;
    if (running.get(key) !== work) return;
    running.delete(key);
    work.stop.abort(NOBODY_WAITS);
  }

  return {
    async join(key, start, signal) {
      signal?.throwIfAborted();
      const work = running.get(key) ?? begin(key, start);
      work.waiting++;
      try {
        return await (signal === undefined ? work.done : raceAbort(work.done, signal));
      } finally {
        leave(key, work);
      }
    },
    end() {
      for (const work of running.values()) work.stop.abort(ENDED);
      running.clear();
    },
    get size() {
      return running.size;
    },
  };
}

interface Work<T> {
  readonly stop: AbortController;
  readonly done: Promise<T>;
  waiting: number;
}

function raceAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    const settle = (): void => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort, { once: true });
    work.then(
      (value) => {
        settle();
        resolve(value);
      },
      (cause) => {
        settle();
        reject(cause);
      },
    );
  });
}

/** Made once: a reason of its own each time would cost a stack trace. */
const NOBODY_WAITS = new Error("Nobody waits for the answer any more");
const ENDED = new Error("The work was ended");
