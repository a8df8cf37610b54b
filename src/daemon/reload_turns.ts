/** Reloads, one after the other. */
export interface ReloadTurns {
  /** Resolves to the problems of this one. */
  take(reload: () => Promise<readonly string[]>): Promise<readonly string[]>;
  /** Waits for those under way and begins no more: what one starts after the end would never end. */
  end(): Promise<void>;
}

export function reloadTurns(): ReloadTurns {
  let last: Promise<unknown> = Promise.resolve();
  let over = false;
  return {
    take(reload) {
      if (over) return Promise.resolve(["The program is stopping"]);
      const mine = last.then(reload);
      last = mine.catch(() => undefined);
      return mine;
    },
    async end() {
      over = true;
      await last;
    },
  };
}
