import type { Attack } from "../types.ts";

/** Attacks whose clocks go alike can share a world. */
export function scheduleOf({ clockOffset = 0, later = [], ahead }: Attack): string {
  return JSON.stringify([
    clockOffset,
    later.map(({ by, clock, restart }) => [by, clock, restart]),
    ahead && (ahead.gap ?? 0),
  ]);
}
