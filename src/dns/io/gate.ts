/** Lets at most `places` pieces of work run and `queue` more wait. */
export interface Gate {
  /** A place, given back by disposing it; undefined when too many wait already. Rejects when `signal` aborts first. */
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

  return {
    enter(signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (running < places) {
        running++;
        return Promise.resolve(place());
      }
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
