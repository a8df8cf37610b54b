import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { messagesIn, pause } from "../../support/other-program.ts";
import type { LoadResult } from "./_load.ts";

/** Subjects of all messages in a folder; a file without one is still being written by another process. */
export async function subjects(folder: string): Promise<readonly string[]> {
  for (let tries = 0; ; tries++) {
    const texts = (await messagesIn(folder)).map((octets) => SUBJECT.exec(octets.toString("latin1"))?.[0]);
    if (texts.every((text) => text !== undefined)) return texts;
    if (tries === TRIES) return texts.map((text) => text ?? "a message without a subject");
    await pause();
  }
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
export async function filled(folder: string, count: number, limit = 60_000): Promise<void> {
  const end = performance.now() + limit;
  for (;;) {
    const { length } = await readdir(folder).catch(() => []);
    if (length >= count) return;
    if (performance.now() > end) throw new Error(`${length} of ${count} messages are in ${folder}`);
    await pause();
  }
}

const SUBJECT = /(?<=^Subject: )[\w-]+/m;
const TRIES = 400;
