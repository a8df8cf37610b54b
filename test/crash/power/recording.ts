import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { runLoad } from "../child.ts";
import { type DiskEvent, foreignCall, readEvents, RECORDED } from "./events.ts";

/** All lives of one shard, one after the other. */
export interface Recording {
  /** Below this folder lies the shard's, named `shard`. */
  readonly root: string;
  readonly events: readonly DiskEvent[];
}

/**
 * Lets the real store, in processes of its own, begin a shard, die, come back, meet failing syncs, and end in good order,
 * and records what it does to its files.
 */
export async function recordLives(seed: number, lives: readonly Life[] = LIVES): Promise<Recording> {
  const root = await mkdtemp(`${tmpdir()}/hopseal-power-`);
  try {
    const events: DiskEvent[] = [];
    for (const [at, { messages, inject }] of lives.entries()) {
      const log = `${root}/trace-${at}`;
      const options = inject === undefined ? [] : ["-e", `inject=${inject}`];
      const under = ["strace", "-f", "-y", "-xx", "-qq", "-s", "1000000", "-o", log];
      const trace = ["-e", `trace=${RECORDED}`, ...options];
      const directory = `${root}/shard`;
      const ending = await runLoad({ directory, seed: seed + at, producers: 2, messages, under: [...under, ...trace] });
      if (ending.errors !== "") throw new Error(ending.errors);
      const text = await readFile(log, "utf8");
      const foreign = foreignCall(text);
      if (foreign !== undefined) throw new Error(`The recording has a call that it does not understand: ${foreign}`);
      events.push(...readEvents(text).filter((event) => concerns(event, root)));
    }
    return { root, events };
  } finally {
    await rm(root, { recursive: true });
  }
}

export interface Life {
  readonly messages: number;
  /** What strace does to the process. */
  readonly inject?: string;
}

function concerns(event: DiskEvent, root: string): boolean {
  const path = "path" in event ? event.path : "from" in event ? event.from : root;
  return path === root || path.startsWith(`${root}/shard`);
}

const LIVES: readonly Life[] = [
  { messages: 6, inject: "pwrite64:signal=SIGKILL:when=90" },
  { messages: 8 },
  { messages: 6, inject: "fsync:error=EIO:when=9..10" },
  { messages: 6, inject: "fsync:signal=SIGKILL:when=25" },
  { messages: 4 },
];
