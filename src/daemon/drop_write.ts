import { constants } from "node:fs";
import { open, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Result, systemRandom } from "../base/mod.ts";
import type { LocalMessage } from "../submission/mod.ts";
import { dropFile, DROPPED, LONGEST_ENVELOPE } from "./drop_file.ts";

/**
 * Leaves a message for the daemon; it is on disk when this resolves. The folder may be one in which its users can make
 * files and see none, so nothing in it is listed.
 */
export async function leaveInDrop(folder: string, message: LocalMessage): Promise<Result<{ name: string }, string>> {
  const whole = dropFile(message);
  if (whole.length - message.content.length > LONGEST_ENVELOPE)
    return err("The message has too many recipients for the drop folder; send it in parts");
  const name = Buffer.from(systemRandom.bytes(16)).toString("hex");
  const unfinished = join(folder, `.${name}`);
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const file = await open(unfinished, flags, 0o640);
    try {
      await file.writeFile(whole);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, join(folder, name + DROPPED));
    await syncFolder(folder);
    return ok({ name });
  } catch (error) {
    await unlink(unfinished).catch(() => undefined);
    return err(`Cannot leave the message in ${folder}: ${(error as Error).message}`);
  }
}

/** Who may not list the folder cannot sync it either; the daemon, which can, does so when it takes the file. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EACCES") return undefined;
    throw error;
  });
  if (handle === undefined) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
