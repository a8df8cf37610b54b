/**
 * When a policy list may replace the one that is in force. A list must not be older than that one, so that whoever can
 * show an old list gains nothing by it; it must not be from the future, or nothing could replace it any more; and it must
 * not have ended. A list in force that ends stays in force, and its end is told.
 */
import { err, type Instant, type Millis, ok, type Result } from "../../base/mod.ts";
import type { ListFile } from "./list-file.ts";

/** A list with what was proved about it. */
export interface JudgedList {
  readonly list: ListFile;
  /** When its signature was made; absent for a list that needs none. */
  readonly signedAt?: Instant;
}

export interface Acceptance {
  readonly now: Instant;
  readonly present?: JudgedList;
  /** Takes an older list all the same, because the operator says so. */
  readonly force?: boolean;
}

/** Whether a new list may come into force; the error says why not. */
export function acceptList(next: JudgedList, { now, present, force = false }: Acceptance): Result<void, string> {
  const { list } = next;
  const early = tooEarly(next, now);
  if (early !== undefined) return err(early);
  if (list.expires <= now) return err(`it ended at ${time(list.expires)}`);
  if (present === undefined || force || !isOlder(next, present)) return ok(undefined);
  return err(`it is older (${ages(next)}) than the list in force (${ages(present)})`);
}

/** What cannot be believed of the times of a list, wherever it comes from. */
function tooEarly({ list, signedAt }: JudgedList, now: Instant): string | undefined {
  const latest = now + SKEW;
  if (list.timestamp > latest) return `its timestamp ${time(list.timestamp)} is in the future`;
  if (list.expires <= list.timestamp) return "it ends before it begins";
  if (signedAt === undefined) return undefined;
  if (signedAt > latest) return `its signature was made in the future, at ${time(signedAt)}`;
  // Lists are stamped and signed in one go, give or take the rounding of the signature's time.
  if (signedAt < list.timestamp - SKEW) {
    return `its signature was made at ${time(signedAt)}, before its timestamp ${time(list.timestamp)}`;
  }
  return undefined;
}

/** By timestamp, and where that is the same by the time of the signature (STARTTLS Everywhere, USAGE). */
function isOlder(next: JudgedList, present: JudgedList): boolean {
  if (next.list.timestamp !== present.list.timestamp) return next.list.timestamp < present.list.timestamp;
  return next.signedAt !== undefined && present.signedAt !== undefined && next.signedAt < present.signedAt;
}

function ages({ list, signedAt }: JudgedList): string {
  const signed = signedAt === undefined ? "" : `, signed ${time(signedAt)}`;
  return `timestamp ${time(list.timestamp)}${signed}`;
}

function time(instant: Instant): string {
  return new Date(instant).toISOString();
}

/** How far clocks may differ. */
const SKEW: Millis = 3_600_000;
