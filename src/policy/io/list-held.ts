import { createReadStream } from "node:fs";
import { type Bytes, concat, equalBytes, err, type Instant, type Millis, ok, type Result } from "../../base/mod.ts";
import { acceptList, type JudgedList } from "../sources/list-accept.ts";
import { LARGEST_LIST, parseListFile } from "../sources/list-file.ts";
import { readStoredList, type StoredList, type StoredOver, writeStoredList } from "./list-store.ts";
import { verifyDetached } from "./openpgp.ts";

/** A policy list that is configured. */
export interface ListSource {
  readonly name: string;
  /** `audit` verifies and reports what the list says, and enforces nothing. */
  readonly mode: "enforce" | "audit";
  readonly from: ListOrigin;
  /** Absent: the list needs no signature, for only the operator can put it there. */
  readonly key?: ListKey;
  readonly refresh: Millis;
}

/** The file of the public key, and the fingerprint of its primary key in lower-case hexadecimal. */
export interface ListKey {
  readonly file: string;
  readonly fingerprint: string;
}

/** Where new lists come from; `import` waits for `hopseal policy list import`. */
export type ListOrigin =
  | { readonly kind: "url"; readonly list: URL; readonly signature: URL }
  | { readonly kind: "file"; readonly list: string; readonly signature: string }
  | { readonly kind: "import" };

/** A list that was judged, and how it got here. */
export interface HeldList extends JudgedList, StoredList {
  /** The fingerprint of the key that signed it. */
  readonly signer?: string;
  /** Of the file, where it was stored just now. */
  readonly stamp?: string;
}

/** Octets that may become a list. */
export interface ListOctets {
  readonly octets: Bytes;
  readonly signature?: Bytes;
  readonly from: string;
}

/**
 * Verifies and parses, and judges nothing about time beyond the signature. With `now` the key must hold at that time; a
 * stored list is judged as of when it was signed, so that a key may end and what it signed goes on.
 */
export async function judgeList(
  { octets, signature, from }: ListOctets,
  key: ListKey | undefined,
  { takenAt, now }: { readonly takenAt: Instant; readonly now?: Instant },
): Promise<Result<HeldList, string>> {
  const held = { octets, from, takenAt, ...(signature === undefined ? {} : { signature }) };
  if (octets.length > LARGEST_LIST) return err(`it has more than ${LARGEST_LIST} octets`);
  if (key === undefined) {
    const list = parseListFile(octets);
    return list.ok ? ok({ ...held, list: list.value }) : list;
  }
  if (signature === undefined) return err("it has no signature");
  const pinned = await readOctets(key.file);
  if (!pinned.ok) return err(`the key cannot be read: ${pinned.error}`);
  const signed = await verifyDetached(
    { content: octets, signature, key: { octets: pinned.value, fingerprint: key.fingerprint } },
    now === undefined ? {} : { now },
  );
  if (!signed.ok) return signed;
  const list = parseListFile(octets);
  if (!list.ok) return list;
  return ok({ ...held, list: list.value, signer: signed.value.fingerprint, signedAt: signed.value.signedAt });
}

/** The stored list, judged anew; the error says why it cannot be used. */
export async function loadList(
  directory: string,
  { name, key }: Pick<ListSource, "name" | "key">,
): Promise<Result<HeldList | undefined, string>> {
  const stored = await readStoredList(directory, name);
  if (!stored.ok || stored.value === undefined) return stored.ok ? ok(undefined) : stored;
  return await judgeList(stored.value, key, { takenAt: stored.value.takenAt });
}

export interface Taking {
  readonly directory: string;
  readonly source: Pick<ListSource, "name" | "key">;
  readonly now: Instant;
  readonly present?: HeldList;
  /** What lay on disk when `present` was read; what was put there since is not replaced. Absent: whatever is there goes. */
  readonly over?: StoredOver;
  /** Takes an older list all the same. */
  readonly force?: boolean;
  /** Judges and stores nothing. */
  readonly readOnly?: boolean;
}

/** Judges a new list against the present one and stores it; the list in force afterwards, or why the new one is refused. */
export async function takeList(offered: ListOctets, taking: Taking): Promise<Result<HeldList, string>> {
  const { directory, source, now, present, over, force = false, readOnly = false } = taking;
  if (present !== undefined && isSame(offered, present)) return ok(present);
  const judged = await judgeList(offered, source.key, { takenAt: now, now });
  if (!judged.ok) return judged;
  const accepted = acceptList(judged.value, { now, force, ...(present === undefined ? {} : { present }) });
  if (!accepted.ok) return accepted;
  if (!readOnly) {
    try {
      return ok({ ...judged.value, stamp: await writeStoredList(directory, source.name, judged.value, over) });
    } catch (error) {
      return err(`it cannot be stored: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return judged;
}

/** Reads a whole file of bounded size, and no more of a longer one; the error says why it cannot. */
export async function readOctets(path: string): Promise<Result<Bytes, string>> {
  try {
    const chunks: Bytes[] = [];
    let size = 0;
    for await (const chunk of createReadStream(path)) {
      size += (chunk as Buffer).length;
      if (size > LARGEST_LIST) return err(`${path} has more than ${LARGEST_LIST} octets`);
      chunks.push(chunk as Buffer);
    }
    return ok(concat(chunks));
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}

function isSame(offered: ListOctets, present: HeldList): boolean {
  if (!equalBytes(offered.octets, present.octets)) return false;
  if (offered.signature === undefined || present.signature === undefined)
    return offered.signature === present.signature;
  return equalBytes(offered.signature, present.signature);
}
