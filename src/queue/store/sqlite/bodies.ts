import type { Bytes, Random } from "../../../base/mod.ts";
import { type QueueId, StoreError } from "../../port.ts";
import { fileFault } from "./faults.ts";
import type { BodyFile, BodyFiles } from "./files.ts";
import { type Patience, within } from "./patience.ts";
import { contentSum } from "./sums.ts";

/** The folder with the contents that are too large for the database. A file counts only when a row names it. */
export interface BodyFolder {
  /** A new file under a temporary name. */
  create(): Promise<PartialBody>;
  /**
   * All of it from `start` on. Where the whole is read and `sum` is known, the last octets come only when the sum of all
   * is right. StoreError `corrupt` when it is missing, of another size or sum, or lies where the disk cannot be read.
   */
  read(
    id: QueueId,
    want: { readonly start: number; readonly size: number; readonly sum?: number },
  ): AsyncIterable<Bytes>;
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

export function openBodyFolder(
  path: string,
  { files, random, patience }: { readonly files: BodyFiles; readonly random: Random; readonly patience: Patience },
): BodyFolder {
  const syncFolder = shared(() => files.syncFolder(path));
  const attempt: Attempt = async (action, work, late) => {
    try {
      return await within(patience, { action, work, ...(late === undefined ? {} : { late }) });
    } catch (error) {
      throw fileFault(action, error);
    }
  };
  return {
    async create() {
      const name = `${path}/${Buffer.from(random.bytes(12)).toString("hex")}${PARTIAL}`;
      const file = await attempt(
        `create ${name}`,
        () => files.create(name),
        (late) =>
          void late
            .close()
            .then(() => files.unlink(name))
            .catch(() => undefined),
      );
      return createPartial({ path, files, syncFolder, attempt }, name, file);
    },
    read: (id, want) => readBody({ files, attempt }, `${path}/${id}`, want),
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
  readonly attempt: Attempt;
}

/** Names what is done in a fault, and does not wait for ever. */
type Attempt = <T>(action: string, work: () => Promise<T>, late?: (result: T) => void) => Promise<T>;

function createPartial({ path, files, syncFolder, attempt }: Folder, partial: string, file: BodyFile): PartialBody {
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
      await attempt(`close ${partial}`, close).catch(() => undefined);
      if (doomed !== undefined) await attempt(`remove ${doomed}`, () => files.unlink(doomed)).catch(() => undefined);
    },
  };
}

async function* readBody(
  { files, attempt }: Pick<Folder, "files" | "attempt">,
  path: string,
  { start, size, sum }: { readonly start: number; readonly size: number; readonly sum?: number },
): AsyncIterable<Bytes> {
  const file = await attempt(
    `open ${path}`,
    () => files.openRead(path),
    (late) => void late.close().catch(() => undefined),
  ).catch(asDamage(MISSING));
  try {
    let seen = 0;
    for (let at = start; at < size; ) {
      const chunk = new Uint8Array(Math.min(READ_CHUNK, size - at));
      const length = await readAgain(() => attempt(`read ${path}`, () => file.read(chunk, at))).catch(
        asDamage(UNREADABLE),
      );
      if (length === 0) throw new StoreError("corrupt", `${path} has ${at} octets, its row says ${size}`);
      at += length;
      const octets = chunk.subarray(0, length);
      seen = contentSum(octets, seen);
      if (at === size) {
        const more = await readAgain(() => attempt(`read ${path}`, () => file.read(new Uint8Array(1), size))).catch(
          asDamage(UNREADABLE),
        );
        if (more > 0) throw new StoreError("corrupt", `${path} has more than the ${size} octets that its row says`);
        if (start === 0 && sum !== undefined && seen !== sum) {
          throw new StoreError("corrupt", `${path} is damaged: its check sum is another`);
        }
      }
      yield octets;
    }
  } finally {
    await file.close().catch(() => undefined);
  }
}

/** A disk that cannot read may do so when it is asked again. */
async function readAgain<T>(read: () => Promise<T>): Promise<T> {
  for (let left = MOST_READS; ; left--) {
    try {
      return await read();
    } catch (error) {
      if (left === 1 || codeOf(error) !== "EIO") throw error;
    }
  }
}

/** What these codes say is wrong with the content itself; any other fault may pass. */
function asDamage(codes: ReadonlySet<unknown>): (fault: unknown) => never {
  return (fault) => {
    if (!(fault instanceof StoreError) || !codes.has(codeOf(fault))) throw fault;
    throw new StoreError("corrupt", fault.message, { cause: fault.cause });
  };
}

/** The system's code, behind the fault that we made of it. */
function codeOf(fault: unknown): unknown {
  const cause = fault instanceof Error ? fault.cause : undefined;
  return cause instanceof Error && "code" in cause ? cause.code : undefined;
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

const MISSING: ReadonlySet<unknown> = new Set(["ENOENT", "EIO"]);
const UNREADABLE: ReadonlySet<unknown> = new Set(["EIO"]);
const MOST_READS = 3;
const PARTIAL = ".part";
const READ_CHUNK = 65_536;
