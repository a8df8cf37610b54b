import { StoreError } from "../../port.ts";

/** Lets calls in until it is closed, and lets those that are in finish. */
export interface Gate {
  /** Runs `work`; rejects with StoreError `closed` after `close`. */
  pass<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when the last call has left. */
  close(): Promise<void>;
}

export function createGate(): Gate {
  let inside = 0;
  let closed = false;
  const empty = Promise.withResolvers<void>();
  return {
    async pass(work) {
      if (closed) throw new StoreError("closed", "The queue is closed");
      inside++;
      try {
        return await work();
      } finally {
        inside--;
        if (closed && inside === 0) empty.resolve();
      }
    },
    close() {
      closed = true;
      if (inside === 0) empty.resolve();
      return empty.promise;
    },
  };
}
