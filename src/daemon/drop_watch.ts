import { chmodSync, constants, type FSWatcher, mkdirSync, watch } from "node:fs";
import { open, readdir, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { type Bytes, type Clock, err, type Millis, ok, type Result } from "../base/mod.ts";
import { publish } from "../observe/mod.ts";
import type { Status } from "../status/mod.ts";
import type { LocalMessage } from "../submission/mod.ts";
import { DROPPED, LONGEST_ENVELOPE, readDropFile } from "./drop_file.ts";

export interface DropOptions {
  readonly clock: Clock;
  /** Octets of content that are taken. */
  readonly messageSize: number;
  submit(message: LocalMessage): Promise<Result<unknown, Status>>;
  /** The system's, unless given. */
  readonly files?: Files;
}

/** How files are opened and removed. */
export interface Files {
  readonly open: typeof open;
  readonly unlink: typeof unlink;
}

/**
 * Takes into the queue what `sendmail` left in the folder, now and whenever something comes. A file goes when its message
 * is on disk in the queue; one that can never be taken is kept under another name, and a fault tells of it. Disposing waits
 * for the round under way.
 */
export function watchDrop(folder: string, options: DropOptions): AsyncDisposable {
  let round: Promise<void> | undefined;
  let again = false;
  let over = false;
  const { files = { open, unlink } } = options;
  const drop: Drop = { folder, options, files, taken: new Set(), over: () => over };
  let timer: Disposable | undefined;
  let watcher: FSWatcher | undefined;
  const look = (): void => {
    if (over) return;
    if (round !== undefined) {
      again = true;
      return;
    }
    round = takeAll(drop)
      .catch((error: unknown) => fault(`Cannot look into ${folder}: ${String(error)}`))
      .finally(() => {
        round = undefined;
        if (!again) return;
        again = false;
        look();
      });
  };
  const arm = (): void => {
    timer = options.clock.after(LOOK_AGAIN, () => {
      look();
      arm();
    });
  };
  try {
    // Everybody may leave a file and nobody list or take another's; the group makes files readable for us.
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o3733);
    watcher = watch(folder, look);
    watcher.on("error", (error) => fault(`Cannot watch ${folder}: ${error.message}`));
  } catch (error) {
    fault(`Cannot use ${folder}: ${(error as Error).message}`);
  }
  look();
  arm();
  return {
    async [Symbol.asyncDispose]() {
      over = true;
      watcher?.close();
      timer?.[Symbol.dispose]();
      await round;
    },
  };
}

/** One folder and what was done with its files. */
interface Drop {
  readonly folder: string;
  readonly options: DropOptions;
  readonly files: Files;
  /** Names whose message is in the queue though their file could not be removed: they must not be taken once more. */
  readonly taken: Set<string>;
  readonly over: () => boolean;
}

async function takeAll(drop: Drop): Promise<void> {
  const names = (await readdir(drop.folder)).sort();
  const present = new Set(names);
  for (const name of drop.taken) if (!present.has(name)) drop.taken.delete(name);
  let removed = 0;
  for (const name of names) {
    if (drop.over()) break;
    if (name.startsWith(".") || !name.endsWith(DROPPED)) continue;
    // What is wrong with one file holds up no other.
    const gone = await takeOne(drop, name).catch((error: unknown) => {
      fault(`Cannot take ${join(drop.folder, name)}: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    });
    if (gone) removed++;
  }
  if (removed > 0) await syncFolder(drop.folder);
}

/** Whether the file is gone, for its message is in the queue. */
async function takeOne(drop: Drop, name: string): Promise<boolean> {
  const { folder, options, files, taken } = drop;
  const path = join(folder, name);
  if (!taken.has(name)) {
    const read = await readOwn(path, options.messageSize + LONGEST_ENVELOPE, files);
    if (read === undefined) return false;
    const message = read.ok ? readDropFile(read.value) : read;
    if (!message.ok) {
      await setAside(folder, name, message.error);
      return false;
    }
    const queued = await options.submit(message.value);
    if (!queued.ok) {
      if (queued.error.code >= 500) await setAside(folder, name, queued.error.text);
      else fault(`${path} waits: ${queued.error.text}`);
      return false;
    }
    taken.add(name);
  }
  await files.unlink(path);
  taken.delete(name);
  return true;
}

/** A file that comes back after a crash would be taken once more. */
async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}

/**
 * The file, or undefined when it is gone; anything but a plain file with one name is refused. Rejects for what may pass by
 * itself.
 */
async function readOwn(path: string, most: number, files: Files): Promise<Result<Bytes, string> | undefined> {
  try {
    await using file = await files.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const facts = await file.stat();
    if (!facts.isFile() || facts.nlink !== 1) return err("it is no plain file with one name");
    if (facts.size > most) return err("it is larger than message_size");
    return ok(await file.readFile());
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (PASSING.has(code)) throw error;
    return err(message);
  }
}

async function setAside(folder: string, name: string, why: string): Promise<void> {
  const kept = `${name.slice(0, -DROPPED.length)}.refused`;
  await rename(join(folder, name), join(folder, kept)).catch((error: Error) => fault(error.message));
  fault(`${join(folder, kept)} cannot be taken into the queue: ${why}`);
}

function fault(text: string): void {
  publish("hopseal:fault", { where: "drop folder", text });
}

/** Errors that say nothing about a file. */
const PASSING: ReadonlySet<string> = new Set([
  "EAGAIN",
  "EBUSY",
  "EINTR",
  "EIO",
  "EMFILE",
  "ENFILE",
  "ENOMEM",
  "ETIMEDOUT",
]);
/** In case a sign of the file system was missed. */
const LOOK_AGAIN: Millis = 60_000;
