import { readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";

/** Another program's progress can only be polled; generous, since a busy machine is no fault of it. */
const PAUSE = 50;
const LONGEST = 60_000;

/** Resolves when the server of that name greets; rejects when `ended` says that it is no more, and how. */
export async function untilGreeted(
  { name, port, address = "127.0.0.1" }: { readonly name: string; readonly port: number; readonly address?: string },
  ended: () => string | number | null = () => null,
): Promise<void> {
  for (const end = performance.now() + LONGEST; performance.now() < end; ) {
    const how = ended();
    if (how !== null) throw new Error(`${name} ended with ${how}`);
    if (await greets(port, address)) return;
    await pause();
  }
  throw new Error(`${name} did not greet on port ${port}`);
}

/** Resolves with all messages when there are `count`; rejects with the log after `limit` milliseconds. */
export async function untilStored(
  count: number,
  messages: () => Promise<readonly Buffer[]>,
  { log, limit = LONGEST }: { readonly log: () => Promise<string>; readonly limit?: number | undefined },
): Promise<readonly Buffer[]> {
  const end = performance.now() + limit;
  for (;;) {
    const found = await messages();
    if (found.length >= count) return found;
    if (performance.now() > end) throw new Error(`${found.length} of ${count} messages came:\n${await log()}`);
    await pause();
  }
}

/** The messages in a folder of a maildir, in no order; none where there is no folder yet. */
export async function messagesIn(folder: string): Promise<readonly Buffer[]> {
  const names = await readdir(folder).catch(() => []);
  return await Promise.all(names.map(async (name) => await readFile(join(folder, name))));
}

export function pause(milliseconds: number = PAUSE): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

function greets(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const done = (greeted: boolean): void => {
      socket.end("QUIT\r\n");
      socket.destroySoon();
      resolve(greeted);
    };
    socket.once("data", () => done(true));
    socket.on("error", () => done(false));
    socket.once("end", () => done(false));
  });
}
