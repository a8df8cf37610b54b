import type { TlsDemand } from "../mail/mod.ts";

export type Level = TlsDemand["level"];

/** The stronger of two levels: may < encrypt < secure. */
export function strongest(left: Level, right: Level): Level {
  return RANK[left] >= RANK[right] ? left : right;
}

const RANK = { may: 0, encrypt: 1, secure: 2 } as const;
