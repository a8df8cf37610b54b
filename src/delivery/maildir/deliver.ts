import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type Bytes, concat } from "../../base/mod.ts";
import { formatMailbox, formatReversePath, type Mailbox, type ReversePath } from "../../mail/mod.ts";
import { type Status, statusOf } from "../../status/mod.ts";

/** One message for one mailbox. */
export interface MaildirMessage {
  readonly reversePath: ReversePath;
  /** The recipient as this host delivers to it. */
  readonly recipient: Mailbox;
  /**
   * Names the message: the same for a second try at the same delivery, which then replaces the first while it is unread.
   * Letters, digits, dots and dashes.
   */
  readonly name: string;
  /** Tells tries at the same delivery apart, so that no two ever write the same file. */
  readonly attempt: number;
  /** The content is no text with CRLF lines: it is kept octet for octet. */
  readonly binary: boolean;
  open(): AsyncIterable<Bytes>;
}

/**
 * Puts a message into a maildir, which is made when it is not there. A success means that it is on disk and whole: it is
 * written and synced under tmp/ and then moved to new/. Lines end in LF there, as mail readers expect, but for binary
 * content. Never rejects for what the file system does.
 */
export async function deliverToMaildir(folder: string, message: MaildirMessage): Promise<Status> {
  const temporary = `${folder}/tmp/${message.name}.${message.attempt}`;
  try {
    const file = await create(folder, temporary);
    await writeSynced(file, message);
    await rename(temporary, `${folder}/new/${message.name}`);
    await syncFolder(`${folder}/new`);
    return statusOf("ok-message", "Delivered to the maildir");
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    return faultStatus(error);
  }
}

/** Opens a file that is not there yet, and so follows no link; makes the maildir when it is missing. */
async function create(folder: string, path: string): Promise<FileHandle> {
  try {
    return await open(path, "wx", 0o600);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    for (const part of ["tmp", "new", "cur"]) await makeFolder(`${folder}/${part}`);
    return open(path, "wx", 0o600);
  }
}

/** A folder whose name is not on disk takes its messages with it, so every folder that gets a new name is synced. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const top = dirname(first);
  for (let at = dirname(resolve(path)); ; at = dirname(at)) {
    await syncFolder(at);
    if (at === top || at === dirname(at)) return;
  }
}

async function writeSynced(opened: FileHandle, message: MaildirMessage): Promise<void> {
  await using file = opened;
  await file.writeFile(envelopeFields(message));
  let held: Bytes = NOTHING;
  for await (const chunk of message.open()) {
    if (message.binary) {
      await file.writeFile(chunk);
      continue;
    }
    const { text, rest } = withUnixLines(held, chunk);
    held = rest;
    await file.writeFile(text);
  }
  await file.writeFile(held);
  await file.sync();
}

/** RFC 5321 §4.4: the reverse-path on top, once, at final delivery. */
function envelopeFields({ reversePath, recipient, binary }: MaildirMessage): string {
  const end = binary ? "\r\n" : "\n";
  return `Return-Path: ${formatReversePath(reversePath)}${end}Delivered-To: ${formatMailbox(recipient)}${end}`;
}

/** Turns CRLF into LF; a CR at the end of a chunk waits for what follows. */
export function withUnixLines(held: Bytes, chunk: Bytes): { readonly text: Bytes; readonly rest: Bytes } {
  const whole = held.length === 0 ? chunk : concat([held, chunk]);
  const text = new Uint8Array(whole.length);
  let length = 0;
  for (const [at, octet] of whole.entries()) {
    if (octet === CR && (whole[at + 1] === LF || at + 1 === whole.length)) continue;
    text[length++] = octet;
  }
  return { text: text.subarray(0, length), rest: whole.at(-1) === CR ? CARRIAGE_RETURN : NOTHING };
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}

function faultStatus(error: unknown): Status {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (FULL.has(code)) return statusOf("mailbox-full");
  return statusOf("local-error", `The maildir cannot be written${code === "" ? "" : ` (${code})`}`);
}

const CR = 0x0d;
const LF = 0x0a;
const NOTHING = new Uint8Array(0);
const CARRIAGE_RETURN = Uint8Array.of(CR);
const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);
