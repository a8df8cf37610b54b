/** Lets at most `places` pieces of work run and `queue` more wait. */
export interface Gate {
  /** A place that is free now, given back by disposing it. */
  tryEnter(): Disposable | undefined;
  /** The next place that becomes free; undefined when too many wait already. Rejects when `signal` aborts first. */
  enter(signal: AbortSignal): Promise<Disposable> | undefined;
  readonly running: number;
  readonly waiting: number;
}

export function createGate(places: number, queue: number): Gate {
  const waiting = new Set<() => void>();
  let running = 0;

  function place(): Disposable {
    let left = false;
    return {
      [Symbol.dispose]() {
        if (left) return;
        left = true;
        const [next] = waiting;
        if (next === undefined) running--;
        else {
          waiting.delete(next);
          next();
        }
      },
    };
  }

  function wait(signal: AbortSignal): Promise<Disposable> {
    return new Promise((resolve, reject) => {
      const proceed = (): void => {
        signal.removeEventListener("abort", leave);
        resolve(place());
      };
      const leave = (): void => {
        waiting.delete(proceed);
        reject(signal.reason);
      };
      waiting.add(proceed);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  function tryEnter(): Disposable | undefined {
    if (running >= places) return undefined;
    running++;
    return place();
  }

  return {
    tryEnter,
    enter(signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      const free = tryEnter();
      if (free !== undefined) return Promise.resolve(free);
      return waiting.size < queue ? wait(signal) : undefined;
    },
    get running() {
      return running;
    },
    get waiting() {
      return waiting.size;
    },
  };
}
