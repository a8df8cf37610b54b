import type { Clock } from "../base/mod.ts";
import { subscribe } from "../observe/mod.ts";
import type { DaemonStatus } from "./control_api.ts";

/** What an operator asks about first, kept from the events of this process. */
export interface Recent extends Disposable {
  /** Bounds that somebody met, with how often. */
  readonly limited: DaemonStatus["limited"];
  /** The newest last. */
  readonly faults: DaemonStatus["faults"];
}

/** Begins to listen; a bounded number of faults is kept. */
export function watchRecent(clock: Pick<Clock, "now">): Recent {
  const limited = new Map<string, number>();
  const faults: DaemonStatus["faults"][number][] = [];
  using undo = new DisposableStack();
  undo.use(subscribe("hopseal:limited", ({ limit }) => limited.set(limit, (limited.get(limit) ?? 0) + 1)));
  undo.use(
    subscribe("hopseal:fault", ({ where, text }) => {
      faults.push({ at: new Date(clock.now()).toISOString(), where, text: text.slice(0, LONGEST_TEXT) });
      if (faults.length > MOST_FAULTS) faults.shift();
    }),
  );
  const kept = undo.move();
  return {
    get limited() {
      return Object.fromEntries(limited);
    },
    get faults() {
      return [...faults];
    },
    [Symbol.dispose]: () => kept.dispose(),
  };
}

export const MOST_FAULTS = 10;
const LONGEST_TEXT = 500;
