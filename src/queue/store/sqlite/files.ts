import { constants } from "node:fs";
import { open, readdir, rename, unlink } from "node:fs/promises";
import type { Bytes } from "../../../base/mod.ts";

/** The file-system calls for content files; tests put faults here. All reject with the system's error. */
export interface BodyFiles {
  /** Makes a file that must not exist yet, for its owner alone. */
  create(path: string): Promise<BodyFile>;
  openRead(path: string): Promise<BodyFile>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Makes the names in a folder durable. */
  syncFolder(path: string): Promise<void>;
  list(path: string): Promise<readonly string[]>;
}

export interface BodyFile {
  /** Writes all of it at the end. */
  append(bytes: Bytes): Promise<void>;
  /** Makes the content durable. */
  sync(): Promise<void>;
  /** Fills at most `into`; 0 at the end. */
  read(into: Bytes, at: number): Promise<number>;
  close(): Promise<void>;
}

export const systemFiles: BodyFiles = {
  create: (path) => openFile(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL),
  openRead: (path) => openFile(path, constants.O_RDONLY),
  rename,
  unlink,
  async syncFolder(path) {
    const folder = await open(path, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
  list: (path) => readdir(path),
};

async function openFile(path: string, flags: number): Promise<BodyFile> {
  const handle = await open(path, flags, 0o600);
  return {
    async append(bytes) {
      for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
    },
    sync: () => handle.sync(),
    async read(into, at) {
      return (await handle.read(into, 0, into.length, at)).bytesRead;
    },
    close: () => handle.close(),
  };
}
