import { closeSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import { fileFault } from "./faults.ts";

/**
 * Writes the log of a database over itself and syncs it. When a sync failed, the system may hold pages for clean that
 * never reached the disk; a later process reads them as if they were there. Were they brought into the database and the
 * power cut before the log is gone for sure, the older log on the disk would be read into a newer database. Afterwards the
 * log on the disk is what is read here, and may be written on. Call it with the database locked; throws StoreError.
 */
export function renewLog(path: string): void {
  let file: number;
  try {
    file = openSync(path, "r+");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
    throw fileFault(`open ${path}`, error);
  }
  try {
    const chunk = new Uint8Array(CHUNK);
    let at = 0;
    for (;;) {
      const length = readSync(file, chunk, 0, chunk.length, at);
      if (length === 0) break;
      for (let done = 0; done < length; ) done += writeSync(file, chunk, done, length - done, at + done);
      at += length;
    }
    if (at > 0) fsyncSync(file);
  } catch (error) {
    throw fileFault(`renew ${path}`, error);
  } finally {
    closeSync(file);
  }
}

const CHUNK = 262_144;
