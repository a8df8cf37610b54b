import { createReadStream, type Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Bytes, concat } from "../../base/mod.ts";
import { scanFields } from "../../trace/mod.ts";
import { mboxHeaders } from "./mbox.ts";

export interface Message {
  readonly name: string;
  /** The header section, and perhaps some of the body. */
  readonly header: Bytes;
}

/** Called with what could not be read; does not return. */
export type OnFailure = (what: string, error: unknown) => never;

/** Every message of a file, of standard input ("-"), of a Maildir or of a folder tree of .eml and mbox files. */
export async function* readMessages(source: string, fail: OnFailure): AsyncGenerator<Message> {
  if (source === "-") {
    if (process.stdin.isTTY) fail(source, new Error("it is a terminal; name a file or a folder"));
    yield* messagesOf("-", process.stdin, fail);
    return;
  }
  const kind = await stat(source).catch((error: unknown) => fail(source, error));
  if (!kind.isDirectory()) {
    yield* messagesOf(source, createReadStream(source, { highWaterMark: CHUNK }), fail);
    return;
  }
  for await (const file of filesBelow(source, fail)) {
    yield* messagesOf(file, createReadStream(file, { highWaterMark: CHUNK }), fail);
  }
}

/** One message, or many when the file begins like a mailbox. */
async function* messagesOf(name: string, chunks: AsyncIterable<Bytes>, fail: OnFailure): AsyncGenerator<Message> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    const start = await readStart(iterator);
    if (!isMailbox(start)) {
      const header = await readHeader(start, iterator);
      if (isMessage(header)) yield { name, header };
      return;
    }
    let number = 0;
    for await (const header of mboxHeaders(prepend(start, iterator), LONGEST_HEADER)) {
      number++;
      yield { name: `${name}#${number}`, header };
    }
  } catch (error) {
    if (error instanceof Error && "code" in error) fail(name, error);
    throw error;
  } finally {
    await iterator.return?.();
  }
}

async function readStart(iterator: AsyncIterator<Bytes>): Promise<Bytes> {
  const parts: Bytes[] = [];
  let length = 0;
  while (length < MAILBOX_START.length) {
    const next = await iterator.next();
    if (next.done === true) break;
    parts.push(next.value);
    length += next.value.length;
  }
  return concat(parts);
}

/** Reads until an empty line or the limit; what comes behind is not needed. */
async function readHeader(start: Bytes, iterator: AsyncIterator<Bytes>): Promise<Bytes> {
  const parts = [start];
  let length = start.length;
  let tail = start;
  while (length < LONGEST_HEADER && !hasEmptyLine(tail)) {
    const next = await iterator.next();
    if (next.done === true) break;
    parts.push(next.value);
    length += next.value.length;
    // An empty line may lie across two chunks.
    tail = concat([tail.subarray(-3), next.value]);
  }
  return concat(parts);
}

function hasEmptyLine(bytes: Bytes): boolean {
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF || (bytes[at + 1] === CR && bytes[at + 2] === LF)) return true;
  }
  return false;
}

async function* prepend(start: Bytes, iterator: AsyncIterator<Bytes>): AsyncGenerator<Bytes> {
  yield start;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
}

/** Has at least one field; binary files and plain text have none. */
function isMessage(header: Bytes): boolean {
  return scanFields(header, { maxFields: 1 }).fields.length > 0;
}

function isMailbox(start: Bytes): boolean {
  return MAILBOX_START.every((octet, at) => start[at] === octet);
}

/** Maildir folders give every file of cur and new; other folders their .eml and mbox files, in order. */
async function* filesBelow(folder: string, fail: OnFailure, depth = 0): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown): Dirent[] =>
    fail(folder, error),
  );
  entries.sort((left, right) => (left.name < right.name ? -1 : 1));
  const maildir = entries.some((one) => one.isDirectory() && one.name === "cur");
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (maildir && MAILDIR_FOLDERS.has(entry.name)) yield* filesIn(path, fail);
      else if (depth < DEEPEST && entry.name !== "tmp") yield* filesBelow(path, fail, depth + 1);
    } else if (!maildir && entry.isFile() && MESSAGE_FILE.test(entry.name)) yield path;
  }
}

async function* filesIn(folder: string, fail: OnFailure): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown): Dirent[] =>
    fail(folder, error),
  );
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith("."));
  for (const name of files.map((entry) => entry.name).sort()) yield join(folder, name);
}

const LF = 10;
const CR = 13;
const CHUNK = 256 * 1024;
const LONGEST_HEADER = 32 * 1024 * 1024;
const DEEPEST = 32;
const MAILBOX_START = [70, 114, 111, 109, 32];
const MAILDIR_FOLDERS: ReadonlySet<string> = new Set(["cur", "new"]);
const MESSAGE_FILE = /\.(?:eml|mbox|mbx|msg)$/i;
