import { existsSync, rmSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";

/**
 * A file that only takes space: given up when the disk is full, so that what is queued can still be settled, and made
 * again when there is room. Its absence is no fault.
 */
export function giveUpReserve(path: string): boolean {
  try {
    if (!existsSync(path)) return false;
    rmSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Never rejects; content that does not shrink, whatever the file system compresses. */
export async function keepReserve(path: string, random: (length: number) => Uint8Array): Promise<void> {
  if (existsSync(path)) return;
  const partial = `${path}.part`;
  try {
    await using file = await open(partial, "w", 0o600);
    const block = random(BLOCK);
    for (let at = 0; at < RESERVE; at += BLOCK) {
      new DataView(block.buffer).setUint32(0, at);
      await file.writeFile(block);
    }
    await file.sync();
    await rename(partial, path);
  } catch {
    await rm(partial, { force: true }).catch(() => undefined);
  }
}

/** The name of the file in a shard's folder. */
export const RESERVE_FILE = "reserve";
const BLOCK = 65_536;
/** Some hundred settlements in the log, and the pages that bring it into the database. */
const RESERVE = 8 * 1024 * 1024;
