import { chmod, mkdir, open, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { type Clock, type Millis, type Random, systemClock } from "../../../base/mod.ts";
import type { Store } from "../../port.ts";
import { openBodyFolder } from "./bodies.ts";
import { fileFault } from "./faults.ts";
import { type BodyFiles, systemFiles } from "./files.ts";
import { type Patience, within } from "./patience.ts";
import type { WorkerOptions } from "./protocol.ts";
import { keepReserve, RESERVE_FILE } from "./reserve.ts";
import { createRoom, type RoomBounds, type RoomOptions } from "./room.ts";
import { createSqliteStore } from "./store.ts";
import { startThread, type Thread } from "./thread.ts";

export interface SqliteStoreOptions {
  /** The shard's own folder; made with mode 0700 when absent. */
  readonly directory: string;
  readonly clock: Pick<Clock, "now">;
  readonly random: Random;
  /** The file-system calls for content files. */
  readonly fs?: BodyFiles;
  /** Content up to this size, in octets, lies in the database, larger in files; default 64 KiB. */
  readonly smallBody?: number;
  /** Where the database is served; default a thread of its own. */
  readonly start?: StartThread;
  /** How far new mail may fill it; default none. */
  readonly bounds?: RoomBounds;
  /** Measures how long the disk takes; default the system's. */
  readonly timer?: Pick<Clock, "after" | "monotonic">;
  readonly askDisk?: RoomOptions["askDisk"];
}

export type StartThread = (options: WorkerOptions, patience: Patience) => Promise<Thread>;

/**
 * Opens a shard: a folder with one SQLite database and the larger contents as files, for this process alone. Work that a
 * dead process held falls due at once. Rejects with StoreError when it is open elsewhere, damaged, or not accessible.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { directory, clock, random, fs = systemFiles, smallBody = SMALL_BODY, start = startThread } = options;
  const { timer = systemClock, bounds, askDisk = statfs } = options;
  const patience: Patience = { timer, ...PATIENCE };
  const path = `${directory}/${DATABASE}`;
  const folder = `${directory}/${BODIES}`;
  await prepareFolders(directory, folder, path);
  const thread = await start({ path, now: Math.round(clock.now()) }, patience);
  const bodies = openBodyFolder(folder, { files: fs, random, patience });
  try {
    // The log must have its name before a content is removed: what an older one says of it must not come back.
    await fs.syncFolder(directory);
    await bodies.clean(new Set(thread.files));
    await fs.syncFolder(folder);
  } catch (error) {
    await thread.close();
    throw fileFault(`open the shard ${directory}`, error);
  }
  const store = { thread, bodies, smallBody, clock };
  if (bounds === undefined) return createSqliteStore(store);
  const reserve = `${directory}/${RESERVE_FILE}`;
  let keptAt = -Infinity;
  let keeping: Promise<void> | undefined;
  const room = createRoom({
    directory,
    bounds,
    clock: timer,
    held: thread.totals,
    askDisk: (path) => within(patience, { action: `ask how full ${path} is`, work: () => askDisk(path) }),
    changed(short) {
      // While there is some room: a full disk could not take what is only in the log.
      if (short) thread.tidy?.();
    },
    plenty() {
      if (timer.monotonic() - keptAt < KEEP_AGAIN) return;
      keptAt = timer.monotonic();
      keeping = keepReserve(reserve, (length) => random.bytes(length));
    },
  });
  // The first to come finds the disk asked already.
  await room.admits(0);
  const shard = createSqliteStore({ ...store, room });
  return {
    ...shard,
    async [Symbol.asyncDispose]() {
      // Nothing is written into a shard that is closed: the next process may have it.
      await keeping;
      await shard[Symbol.asyncDispose]();
    },
  };
}

async function prepareFolders(directory: string, folder: string, path: string): Promise<void> {
  try {
    const made = await mkdir(directory, { recursive: true, mode: 0o700 });
    if (made !== undefined) await systemFiles.syncFolder(dirname(made));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700);
    await chmod(folder, 0o700);
    await createDatabaseFile(path);
  } catch (error) {
    throw fileFault(`open the shard ${directory}`, error);
  }
}

/**
 * Makes the file when it is absent; SQLite gives its other files the same mode. An existing one is never opened here: to
 * close it would drop the locks that an open shard of this process has on it.
 */
async function createDatabaseFile(path: string): Promise<void> {
  try {
    await (await open(path, "wx", 0o600)).close();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    await chmod(path, 0o600);
  }
}

/** Names inside a shard's folder. */
export const DATABASE = "queue.db";
export const BODIES = "bodies";
const SMALL_BODY = 65_536;
/** A reserve that was given up is missed so often at most. */
const KEEP_AGAIN: Millis = 60_000;
/** A disk that answers no call for so long fails it; a commit under way gets the time that clients give us (RFC 5321 §4.5.3.2.6), almost. */
const PATIENCE = { stalled: 60_000, lost: 9 * 60_000 };
