import { type FileHandle, open, unlink } from "node:fs/promises";
import { CommandFailure } from "../exit.ts";

/** Files for their owner alone that are removed again unless the work is done. */
export interface NewFiles extends AsyncDisposable {
  /** Ends the command when the file exists already or cannot be made. */
  open(path: string): Promise<FileHandle>;
  /** The work is done. */
  keep(): void;
}

export function newFiles(): NewFiles {
  const made: { readonly path: string; readonly handle: FileHandle }[] = [];
  let kept = false;
  return {
    async open(path) {
      try {
        const handle = await open(path, "wx", 0o600);
        made.push({ path, handle });
        return handle;
      } catch (error) {
        throw new CommandFailure(`Cannot make ${path}: ${(error as Error).message}`);
      }
    },
    keep() {
      kept = true;
    },
    async [Symbol.asyncDispose]() {
      for (const { path, handle } of made) {
        await handle.close();
        if (!kept) await unlink(path).catch(() => undefined);
      }
    },
  };
}
