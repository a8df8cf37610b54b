import type { TlsDemand } from "../mail/mod.ts";
import type { TlsFloor } from "./types.ts";

export type Level = TlsDemand["level"];

/** The stronger of two levels: may < encrypt < secure. */
export function strongest(left: Level, right: Level): Level {
  return RANK[left] >= RANK[right] ? left : right;
}

/** The stronger of two floors; of two that authenticate, the first. */
export function strongestFloor(left: TlsFloor, right: TlsFloor): TlsFloor {
  return FLOOR_RANK[left.kind] >= FLOOR_RANK[right.kind] ? left : right;
}

/** What the levels below `secure` expect. */
export const PLAIN = { may: { kind: "any" }, encrypt: { kind: "encrypted" } } as const;

const RANK = { may: 0, encrypt: 1, secure: 2 } as const;
const FLOOR_RANK = { any: 0, encrypted: 1, authenticated: 2 } as const;
