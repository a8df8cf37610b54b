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
  let timer: Disposable | undefined;
  let watcher: FSWatcher | undefined;
  const look = (): void => {
    if (over) return;
    if (round !== undefined) {
      again = true;
      return;
    }
    round = takeAll(folder, options, () => over)
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

async function takeAll(folder: string, options: DropOptions, over: () => boolean): Promise<void> {
  for (const name of (await readdir(folder)).sort()) {
    if (over()) return;
    if (!name.startsWith(".") && name.endsWith(DROPPED)) await takeOne(folder, name, options);
  }
}

async function takeOne(folder: string, name: string, options: DropOptions): Promise<void> {
  const path = join(folder, name);
  const read = await readOwn(path, options.messageSize + LONGEST_ENVELOPE);
  if (read === undefined) return;
  const message = read.ok ? readDropFile(read.value) : read;
  if (!message.ok) {
    await setAside(folder, name, message.error);
    return;
  }
  const taken = await options.submit(message.value);
  if (taken.ok) await unlink(path);
  else if (taken.error.code >= 500) await setAside(folder, name, taken.error.text);
  else fault(`${path} waits: ${taken.error.text}`);
}

/** The file, or undefined when it is gone; anything but a plain file with one name is refused. */
async function readOwn(path: string, most: number): Promise<Result<Bytes, string> | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const facts = await file.stat();
      if (!facts.isFile() || facts.nlink !== 1) return err("it is no plain file with one name");
      if (facts.size > most) return err("it is larger than message_size");
      return ok(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? undefined : err(message);
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

/** In case a sign of the file system was missed. */
const LOOK_AGAIN: Millis = 60_000;
