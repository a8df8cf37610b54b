import { type Bytes, seededRandom } from "../../src/base/mod.ts";

/** The content of a message, made of its id and size alone, so that whoever reads it back can tell whether it is whole. */
export function bodyOf(id: string, size: number): Bytes {
  let seed = size;
  for (const character of id) seed = (Math.imul(seed, 31) + character.charCodeAt(0)) >>> 0;
  return seededRandom(seed).bytes(size);
}

/** Contents above this lie in files. */
export const SMALL_BODY = 2000;
export const SIZES: readonly number[] = [0, 100, 700, 1500, 2001, 5000, 40_000];
/** Every delivery is tallied under it, with the message's id as the key. */
export const DAY = "2026-03-03";
