import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { MAIN } from "./hopseal.ts";

/** Whoever root becomes must be able to read the program; a checkout in a private folder is closed to others. */
export async function cannotGiveUpRoot(): Promise<string | false> {
  if (process.getuid?.() !== 0) return "only root can give up root";
  for (let folder = dirname(MAIN); folder !== dirname(folder); folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o005) !== 0o005) return "the checkout is closed to other users";
  }
  return false;
}
