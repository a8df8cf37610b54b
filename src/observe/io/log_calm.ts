import { type Clock, type Millis, unreachable } from "../../base/mod.ts";
import type { EventName, Events } from "../events.ts";

/** An event that a client can bring about as often as it likes, and how many like it were not told of before it. */
export type Calmed = {
  readonly [name in CalmName]: readonly [name, Events[name] & { readonly more?: number }];
}[CalmName];

type CalmName = Extract<EventName, "hopseal:limited" | "hopseal:refused" | "hopseal:fault">;

/**
 * Keeps clients from filling the log: of like events of one client, or faults of one place, the first few within a minute are told of at once; for
 * the others the last of them says at the end of the minute how many there were. Disposing tells what is owed.
 */
export interface Calm extends Disposable {
  take(one: Calmed): void;
}

export function calm(clock: Clock, tell: (one: Calmed) => void): Calm {
  const open = new Map<string, Window>();
  const close = (key: string): void => {
    const window = open.get(key);
    if (window === undefined) return;
    open.delete(key);
    if (window.last === undefined) return;
    tell(withCount(window.last, window.more));
    // While it goes on there is one line a minute.
    begin(key, Infinity);
  };
  const begin = (key: string, told: number): Window => {
    const window: Window = { told, more: 0, last: undefined, timer: clock.after(MINUTE, () => close(key)) };
    open.set(key, window);
    return window;
  };
  return {
    take(one) {
      const wanted = keyOf(one);
      // Beyond a number of clients all others are one.
      const key = open.has(wanted) || open.size < MOST_KEYS ? wanted : one[0];
      const window = open.get(key) ?? begin(key, 0);
      if (window.told < AT_ONCE[one[0]]) {
        window.told++;
        tell(one);
        return;
      }
      window.more++;
      window.last = one;
    },
    [Symbol.dispose]() {
      for (const { timer, last, more } of open.values()) {
        timer[Symbol.dispose]();
        if (last !== undefined) tell(withCount(last, more));
      }
      open.clear();
    },
  };
}

interface Window {
  told: number;
  more: number;
  last: Calmed | undefined;
  readonly timer: Disposable;
}

function keyOf([name, event]: Calmed): string {
  if ("where" in event) return JSON.stringify([name, event.where]);
  return JSON.stringify([name, "limit" in event ? event.limit : event.cause, event.client]);
}

function withCount(one: Calmed, more: number): Calmed {
  switch (one[0]) {
    case "hopseal:limited":
      return [one[0], { ...one[1], more }];
    case "hopseal:refused":
      return [one[0], { ...one[1], more }];
    case "hopseal:fault":
      return [one[0], { ...one[1], more }];
    default:
      return unreachable(one);
  }
}

const MINUTE: Millis = 60_000;
const MOST_KEYS = 2000;
const AT_ONCE: { readonly [name in CalmName]: number } = {
  "hopseal:limited": 1,
  "hopseal:refused": 20,
  "hopseal:fault": 100,
};
