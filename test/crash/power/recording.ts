import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { seededRandom } from "../../../src/base/mod.ts";
import { runLoad } from "../child.ts";
import { createDisk } from "./disk.ts";
import { type DiskEvent, foreignCall, readEvents, RECORDED } from "./events.ts";

/** All lives of one shard, one after the other. */
export interface Recording {
  /** Below this folder lies the shard's, named `shard`. */
  readonly root: string;
  readonly events: readonly DiskEvent[];
}

/**
 * Lets the real store, in processes of its own, begin a shard, die, come back, meet failing syncs, and end in good order,
 * and records what it does to its files. Where threads ran beside the one that was killed, the log may not tell what they
 * did last; what is no witness is recorded anew.
 */
export async function recordLives(seed: number, lives: readonly Life[] = LIVES): Promise<Recording> {
  for (let attempt = 0; attempt < MOST_RECORDINGS; attempt++) {
    const recording = await recordOnce(seed, lives);
    if (recording !== undefined) return recording;
  }
  throw new Error(`No recording of ${MOST_RECORDINGS} agrees with the files that it is of`);
}

/**
 * Two lives: a commit of a content that lies in a file is refused as the sync of its row failed, and the process is killed
 * when the log is empty; then the shard is used again.
 */
export async function recordRefusal(): Promise<Recording> {
  // Which sync it is follows from what the store does when it is opened.
  for (const sync of [12, 11, 13, 10, 14, 9, 15, 16]) {
    const inject = [`fsync:error=EIO:when=${sync}`];
    const recording = await recordLives(1, [{ messages: 2, producers: 0, inject }, { messages: 1 }]).catch(
      () => undefined,
    );
    if (recording !== undefined && refusesAtLog(recording.events)) return recording;
  }
  throw new Error("No sync was found whose failure refuses a row with a content file");
}

/** A sync of the log fails while the newest content file has its name, and there is one. */
function refusesAtLog(events: readonly DiskEvent[]): boolean {
  const failed = events.findIndex((event) => event.kind === "sync-end" && !event.ok);
  const sync = events[failed];
  if (sync?.kind !== "sync-end") return false;
  const begun = events.find((event) => event.kind === "sync-begin" && event.sync === sync.sync);
  return (
    begun?.kind === "sync-begin" &&
    begun.path.endsWith("-wal") &&
    events.slice(0, failed).filter((event) => event.kind === "rename").length === 1
  );
}

async function recordOnce(seed: number, lives: readonly Life[]): Promise<Recording | undefined> {
  const root = await mkdtemp(`${tmpdir()}/hopseal-power-`);
  try {
    const events: DiskEvent[] = [];
    for (const [at, { messages, producers = 2, inject }] of lives.entries()) {
      const log = `${root}/trace-${at}`;
      const options = (inject ?? []).flatMap((fault) => ["-e", `inject=${fault}`]);
      const under = ["strace", "-f", "-y", "-xx", "-qq", "-s", "1000000", "-o", log];
      const trace = ["-e", `trace=${RECORDED}`, ...options];
      const directory = `${root}/shard`;
      const ending = await runLoad({ directory, seed: seed + at, producers, messages, under: [...under, ...trace] });
      if (ending.errors !== "") throw new Error(ending.errors);
      const text = await readFile(log, "utf8");
      const foreign = foreignCall(text, root);
      if (foreign !== undefined) throw new Error(`The recording has a call that it does not understand: ${foreign}`);
      events.push(...readEvents(text).filter((event) => concerns(event, root)));
      if (!isWitness(events, `${root}/shard`)) return undefined;
    }
    return { root, events };
  } finally {
    await rm(root, { recursive: true });
  }
}

/** Whether the events make the files that lie in the folder, octet by octet. */
function isWitness(events: readonly DiskEvent[], folder: string): boolean {
  const disk = createDisk();
  for (const event of events) disk.apply(event);
  const made = disk.cut({ kind: "kept" });
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const madeFiles = [...made].filter(([path, content]) => path.startsWith(`${folder}/`) && content !== "folder");
  return (
    files.length === madeFiles.length &&
    files.every(({ parentPath, name }) => {
      const content = made.get(`${parentPath}/${name}`);
      return Buffer.isBuffer(content) && readFileSync(`${parentPath}/${name}`).equals(content);
    })
  );
}

export interface Life {
  /** Default 2; none: see `load.ts`. */
  readonly producers?: number;
  readonly messages: number;
  /** What strace does to the process. */
  readonly inject?: readonly string[];
}

function concerns(event: DiskEvent, root: string): boolean {
  const path = "path" in event ? event.path : "from" in event ? event.from : root;
  return path === root || path.startsWith(`${root}/shard`);
}

const LIVES: readonly Life[] = [
  { messages: 6, inject: ["pwrite64:signal=SIGKILL:when=90"] },
  { messages: 8 },
  { messages: 6, inject: ["fsync:error=EIO:when=9..10"] },
  { messages: 6, inject: ["fsync:signal=SIGKILL:when=25"] },
  { messages: 4 },
];
/** Lives with faults at places that follow from the seed. */
export const FAULTY_LIVES = (seed: number): readonly Life[] => {
  const random = seededRandom(seed);
  const some = (from: number, count: number): number => from + random.below(count);
  return [
    { messages: 6, inject: [`pwrite64:signal=SIGKILL:when=${some(60, 80)}`] },
    { messages: 6, inject: [`fsync:error=EIO:when=${some(10, 25)}`] },
    { messages: 5, inject: [`pwrite64:error=ENOSPC:when=${some(20, 60)}..${some(80, 10)}`] },
    {
      messages: 5,
      inject: [`fsync:error=EIO:when=${some(12, 10)}+${some(4, 4)}`, `pwrite64:signal=SIGKILL:when=${some(60, 60)}`],
    },
    { messages: 5, inject: [`pwrite64:error=EIO:when=${some(20, 60)}`, `fsync:signal=SIGKILL:when=${some(14, 15)}`] },
    { messages: 4 },
  ];
};
const MOST_RECORDINGS = 5;
