import type { Bytes, Random } from "../../../base/mod.ts";
import { type QueueId, StoreError } from "../../port.ts";
import { fileFault } from "./faults.ts";
import type { BodyFile, BodyFiles } from "./files.ts";

/** The folder with the contents that are too large for the database. A file counts only when a row names it. */
export interface BodyFolder {
  /** A new file under a temporary name. */
  create(): Promise<PartialBody>;
  read(id: QueueId, start: number, size: number): AsyncIterable<Bytes>;
  /** Removes a content that no row names any more; a failure leaves an orphan for the next opening. */
  remove(id: string): Promise<void>;
  /** Removes what a crash left: files that are not in `named`. */
  clean(named: ReadonlySet<string>): Promise<void>;
}

export interface PartialBody {
  append(bytes: Bytes): Promise<void>;
  /** Durable under the name of the message when it resolves: data synced, file renamed, folder synced. */
  publish(id: QueueId): Promise<void>;
  /** Removes it, under whichever name. */
  discard(): Promise<void>;
}

export function openBodyFolder(path: string, files: BodyFiles, random: Random): BodyFolder {
  const syncFolder = shared(() => files.syncFolder(path));
  return {
    async create() {
      const name = `${path}/${Buffer.from(random.bytes(12)).toString("hex")}${PARTIAL}`;
      const file = await attempt(`create ${name}`, () => files.create(name));
      return createPartial({ path, files, syncFolder }, name, file);
    },
    read: (id, start, size) => readBody(files, `${path}/${id}`, start, size),
    async remove(id) {
      await files.unlink(`${path}/${id}`).catch(() => undefined);
    },
    async clean(named) {
      const names = await attempt(`read ${path}`, () => files.list(path));
      const orphans = names.filter((name) => !named.has(name));
      for (const name of orphans) await attempt(`remove ${path}/${name}`, () => files.unlink(`${path}/${name}`));
    },
  };
}

interface Folder {
  readonly path: string;
  readonly files: BodyFiles;
  readonly syncFolder: () => Promise<void>;
}

function createPartial({ path, files, syncFolder }: Folder, partial: string, file: BodyFile): PartialBody {
  let name: string | undefined = partial;
  let open = true;
  const close = async (): Promise<void> => {
    if (!open) return;
    open = false;
    await file.close();
  };
  return {
    append: (bytes) => attempt(`write ${partial}`, () => file.append(bytes)),
    async publish(id) {
      await attempt(`sync ${partial}`, () => file.sync());
      await attempt(`close ${partial}`, close);
      await attempt(`rename ${partial}`, () => files.rename(partial, `${path}/${id}`));
      name = `${path}/${id}`;
      await attempt(`sync ${path}`, syncFolder);
    },
    async discard() {
      const doomed = name;
      name = undefined;
      await close().catch(() => undefined);
      if (doomed !== undefined) await files.unlink(doomed).catch(() => undefined);
    },
  };
}

async function* readBody(files: BodyFiles, path: string, start: number, size: number): AsyncIterable<Bytes> {
  const file = await attempt(`open ${path}`, () => files.openRead(path));
  try {
    for (let at = start; at < size; ) {
      const chunk = new Uint8Array(Math.min(READ_CHUNK, size - at));
      const length = await attempt(`read ${path}`, () => file.read(chunk, at));
      if (length === 0) throw new StoreError("corrupt", `${path} has ${at} octets, its row says ${size}`);
      at += length;
      yield chunk.subarray(0, length);
    }
  } finally {
    await file.close().catch(() => undefined);
  }
}

/**
 * Lets callers that come while `work` runs share the next run: the one that is under way may have begun before their
 * change.
 */
function shared(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = (): Promise<void> => {
    next = undefined;
    const mine = work().finally(() => {
      if (running === mine) running = undefined;
    });
    running = mine;
    return mine;
  };
  return () => {
    if (running === undefined) return start();
    next ??= running.then(start, start);
    return next;
  };
}

async function attempt<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileFault(action, error);
  }
}

const PARTIAL = ".part";
const READ_CHUNK = 65_536;
