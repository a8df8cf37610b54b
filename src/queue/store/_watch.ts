/** Those who want to hear that work may be due. Calls come soon, not at once, and many causes make one call. */
export interface Watchers {
  readonly add: (listener: () => void) => Disposable;
  readonly notify: () => void;
}

export function createWatchers(): Watchers {
  const listeners = new Set<{ readonly call: () => void }>();
  let planned = false;
  return {
    add(call) {
      const entry = { call };
      listeners.add(entry);
      return { [Symbol.dispose]: () => void listeners.delete(entry) };
    },
    notify() {
      if (planned || listeners.size === 0) return;
      planned = true;
      queueMicrotask(() => {
        planned = false;
        for (const listener of listeners) queueMicrotask(listener.call);
      });
    },
  };
}
