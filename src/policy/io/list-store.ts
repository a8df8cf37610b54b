import { randomUUID } from "node:crypto";
import { type BigIntStats, renameSync, statSync } from "node:fs";
import { mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Bytes, concat, err, fromStrictUtf8, type Instant, ok, type Result, utf8 } from "../../base/mod.ts";

/** A policy list as it lies on disk, with its signature in the same file, so that neither is ever without the other. */
export interface StoredList {
  readonly octets: Bytes;
  /** As it came; absent for a list that has none. */
  readonly signature?: Bytes;
  readonly takenAt: Instant;
  /** Where it came from, for people. */
  readonly from: string;
}

/** The stored list of that name, or undefined when none was ever stored; the error says why it cannot be read. */
export async function readStoredList(directory: string, name: string): Promise<Result<StoredList | undefined, string>> {
  let file: Bytes;
  try {
    file = await readFile(pathOf(directory, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return ok(undefined);
    return err(error instanceof Error ? error.message : String(error));
  }
  const stored = parse(file);
  return stored === undefined ? err(`${pathOf(directory, name)} is no stored list`) : ok(stored);
}

/** What the writer knows to lie there: a stamp, or nothing. */
export interface StoredOver {
  readonly stamp: string | undefined;
}

/**
 * Written beside, flushed, put in place, and the folder flushed: a crash leaves the old list or the new one, whole.
 * Returns its stamp. Rejects, and replaces nothing, where something else lies there than `over` says.
 */
export async function writeStoredList(
  directory: string,
  name: string,
  stored: StoredList,
  over?: StoredOver,
): Promise<string> {
  const { octets, signature, takenAt, from } = stored;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const head = {
    version: VERSION,
    octets: octets.length,
    takenAt,
    from,
    signature: signature === undefined ? null : Buffer.from(signature).toString("base64"),
  };
  const path = pathOf(directory, name);
  // Several may write at once: the daemon, an import, and the daemon under its old configuration.
  const unfinished = `${path}.${randomUUID()}${UNFINISHED}`;
  let stamp: string;
  try {
    stamp = await writeWhole(unfinished, concat([utf8(`${JSON.stringify(head)}\n`), octets]));
    // Nothing of this process comes between the two.
    const there = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (over !== undefined && there !== undefined && stampOf(there) !== over.stamp) {
      throw new Error("another list was put there meanwhile");
    }
    renameSync(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  const folder = await open(directory, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  return stamp;
}

/** Returns the stamp, which stays with the file when it is put in place. */
async function writeWhole(path: string, octets: Bytes): Promise<string> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(octets);
    await file.sync();
    return stampOf(await file.stat({ bigint: true }));
  } finally {
    await file.close();
  }
}

/** Removes what a crash left half written; what is younger than an hour may still be under way. */
export async function removeUnfinished(directory: string, now: Instant): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names.filter((one) => one.endsWith(UNFINISHED))) {
    const path = join(directory, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
    if (mtimeMs < now - 3_600_000) await rm(path, { force: true });
  }
}

/** Changes whenever the stored list is replaced; undefined when there is none. */
export async function storedStamp(directory: string, name: string): Promise<string | undefined> {
  try {
    return stampOf(await stat(pathOf(directory, name), { bigint: true }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function stampOf({ ino, mtimeNs, size }: BigIntStats): string {
  return `${ino} ${mtimeNs} ${size}`;
}

function parse(file: Bytes): StoredList | undefined {
  const end = file.subarray(0, LONGEST_HEAD).indexOf(LF);
  const text = end < 0 ? undefined : fromStrictUtf8(file.subarray(0, end));
  if (text === undefined) return undefined;
  let head: unknown;
  try {
    head = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof head !== "object" || head === null) return undefined;
  const members = new Map<string, unknown>(Object.entries(head));
  const [takenAt, from, signature] = [members.get("takenAt"), members.get("from"), members.get("signature")];
  const octets = file.subarray(end + 1);
  if (members.get("version") !== VERSION || members.get("octets") !== octets.length) return undefined;
  if (!Number.isSafeInteger(takenAt) || typeof from !== "string") return undefined;
  if (signature !== null && typeof signature !== "string") return undefined;
  return {
    octets,
    takenAt: takenAt as Instant,
    from,
    ...(signature === null ? {} : { signature: new Uint8Array(Buffer.from(signature, "base64")) }),
  };
}

function pathOf(directory: string, name: string): string {
  return join(directory, `${name}${SUFFIX}`);
}

const VERSION = 1;
const SUFFIX = ".list";
const UNFINISHED = ".new";
const LF = 10;
/** A signature has some hundred octets; what is read as one has a million at most. */
const LONGEST_HEAD = 2_000_000;
