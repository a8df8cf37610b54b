/** How many attempts one destination may have at once, learnt from how they end. */
export interface Window {
  readonly limit: number;
  /** Attempts that went well since the limit last changed. */
  readonly credit: number;
  /** Attempts in a row that found no host to speak to. */
  readonly trouble: number;
}

/** `well`: some host answered; `failed`: none could be reached or used. */
export type Ending = "well" | "failed";

/** A destination of which nothing is known yet, when it may have `most` in the end. */
export function freshWindow(most: number): Window {
  return { limit: Math.min(FIRST, most), credit: 0, trouble: 0 };
}

/** Grows by one after as many good ends as the limit has places, and is halved by every bad one; never below one. */
export function adjusted(window: Window, ending: Ending, most: number): Window {
  if (ending === "failed") {
    return { limit: Math.max(1, Math.floor(window.limit / 2)), credit: 0, trouble: window.trouble + 1 };
  }
  const credit = window.credit + 1;
  const grown = credit >= window.limit && window.limit < most;
  return grown
    ? { limit: window.limit + 1, credit: 0, trouble: 0 }
    : { limit: window.limit, credit: Math.min(credit, window.limit), trouble: 0 };
}

const FIRST = 4;
