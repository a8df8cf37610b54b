import type { HeldList } from "../../policy/io/mod.ts";
import type { ListEntry } from "../../policy/mod.ts";

/** What a list is, for people: one line each. */
export function heldText({ list, from, signer, signedAt, takenAt }: HeldList, now: number): readonly string[] {
  const { enforce, testing, alias } = countsOf(list.policies.values());
  const ended = list.expires <= now ? "; it has ended" : "";
  return [
    `${list.policies.size} domains (${enforce} enforce, ${testing} testing; ${alias} of them by ${list.aliases.size} aliases)`,
    `issued ${time(list.timestamp)}, ends ${time(list.expires)}${ended}`,
    signer === undefined || signedAt === undefined ? "not signed" : `signed ${time(signedAt)} by ${signer}`,
    `from ${from}, taken ${time(takenAt)}`,
    ...(list.author === undefined ? [] : [`author ${JSON.stringify(list.author)}`]),
  ];
}

/** The same as JSON, version 1. */
export function heldJson({ list, from, signer, signedAt, takenAt }: HeldList, now: number): object {
  return {
    issued: time(list.timestamp),
    ends: time(list.expires),
    ended: list.expires <= now,
    ...(list.author === undefined ? {} : { author: list.author }),
    from,
    taken: time(takenAt),
    ...(signer === undefined || signedAt === undefined ? {} : { signer, signed: time(signedAt) }),
    domains: list.policies.size,
    ...countsOf(list.policies.values()),
    aliases: list.aliases.size,
  };
}

export function entryText({ mode, mx, alias }: ListEntry): string {
  return `${mode}${alias === undefined ? "" : ` (by the alias ${JSON.stringify(alias)})`}: ${mx.join(", ")}`;
}

interface Counts {
  readonly enforce: number;
  readonly testing: number;
  /** Those that an alias gave theirs. */
  readonly alias: number;
}

function countsOf(entries: Iterable<ListEntry>): Counts {
  const counts = { enforce: 0, testing: 0, alias: 0 };
  for (const { mode, alias } of entries) {
    counts[mode] += 1;
    if (alias !== undefined) counts.alias += 1;
  }
  return counts;
}

function time(instant: number): string {
  return new Date(instant).toISOString();
}
