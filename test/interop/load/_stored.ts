import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LoadResult } from "./_load.ts";

/** Subjects of all messages in a folder. */
export async function subjects(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return await Promise.all(
    names.map(async (name) => /(?<=^Subject: )[\w-]+/m.exec(await readFile(join(folder, name), "latin1"))?.[0] ?? name),
  );
}

/** Everything that was accepted is there once; what was not answered may be there once; nothing else is. */
export function isWhatWasTaken(stored: readonly string[], { accepted, unsure }: LoadResult): void {
  assert.equal(new Set(accepted).size, accepted.length);
  const extra = stored.filter((name) => !accepted.includes(name));
  assert.deepEqual(
    extra.filter((name) => !unsure.includes(name)),
    [],
  );
  assert.deepEqual(
    accepted.filter((name) => !stored.includes(name)),
    [],
  );
  assert.equal(new Set(stored).size, stored.length);
}

/** Resolves when the folder holds `count` messages; another process fills it, so it can only be polled. */
export async function filled(folder: string, count: number, limit = 30_000): Promise<void> {
  const end = performance.now() + limit;
  for (;;) {
    const { length } = await readdir(folder).catch(() => []);
    if (length >= count) return;
    if (performance.now() > end) throw new Error(`${length} of ${count} messages are in ${folder}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}
