import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { err, ok, type Result } from "../base/mod.ts";
import { parseMailHost } from "../mail/mod.ts";
import { publish } from "../observe/mod.ts";
import type { PauseChange, Pauses } from "./control_api.ts";
import { StartFailure } from "./seams.ts";

/** What an operator has stopped, kept in a file beside the queue. */
export interface PauseBook {
  readonly now: Pauses;
  /** No mail is taken any more; until the process ends. */
  readonly draining: boolean;
  /** Durable when it returns; throws when it cannot be written, and then nothing has changed. */
  change(word: "pause" | "resume", change: PauseChange): Pauses;
  drain(): void;
  /** Calls `listener` after every change. */
  watch(listener: () => void): Disposable;
}

/** Reads what was paused before; a file that cannot be read is a StartFailure, never taken for "nothing is paused". */
export function openPauses(dataDir: string): PauseBook {
  const path = pausesPath(dataDir);
  const listeners = new Set<() => void>();
  let now = readPauses(path);
  let draining = false;
  const tell = (): void => {
    publish("hopseal:paused", { ...now, draining });
    for (const listener of listeners) listener();
  };
  if (!isNothing(now)) publish("hopseal:paused", { ...now, draining });
  return {
    get now() {
      return now;
    },
    get draining() {
      return draining;
    },
    change(word, change) {
      const next = word === "pause" ? paused(now, change) : resumed(now, change);
      writePauses(path, next);
      now = next;
      tell();
      return now;
    },
    drain() {
      if (draining) return;
      draining = true;
      tell();
    },
    watch(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
  };
}

/** A change as it comes with a request; nothing named is everything. */
export function readChange(query: URLSearchParams): Result<PauseChange, string> {
  const destinations: string[] = [];
  for (const text of query.getAll("destination")) {
    const host = parseMailHost(text);
    if (!host.ok) return err(`${JSON.stringify(text)} is no domain`);
    destinations.push(host.value);
  }
  return ok({
    ...(query.has("receiving") ? { receiving: true } : {}),
    ...(query.has("sending") ? { sending: true } : {}),
    ...(destinations.length === 0 ? {} : { destinations }),
  });
}

/** How it travels; `readChange` gives it back. */
export function changeQuery(change: PauseChange): URLSearchParams {
  const query = new URLSearchParams();
  if (change.receiving === true) query.set("receiving", "1");
  if (change.sending === true) query.set("sending", "1");
  for (const destination of change.destinations ?? []) query.append("destination", destination);
  return query;
}

export function isNothing({ receiving, sending, destinations }: Pauses): boolean {
  return !receiving && !sending && destinations.length === 0;
}

function paused(now: Pauses, change: PauseChange): Pauses {
  const all = Object.keys(change).length === 0;
  return {
    receiving: now.receiving || all || change.receiving === true,
    sending: now.sending || all || change.sending === true,
    destinations: [...new Set([...now.destinations, ...(change.destinations ?? [])])].sort(),
  };
}

function resumed(now: Pauses, change: PauseChange): Pauses {
  if (Object.keys(change).length === 0) return NOTHING;
  const gone = new Set(change.destinations);
  return {
    receiving: now.receiving && change.receiving !== true,
    sending: now.sending && change.sending !== true,
    destinations: now.destinations.filter((destination) => !gone.has(destination)),
  };
}

function pausesPath(dataDir: string): string {
  return join(dataDir, "paused.json");
}

function readPauses(path: string): Pauses {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return NOTHING;
    throw new StartFailure(`Cannot read what is paused: ${(error as Error).message}`, { cause: error });
  }
  const read = pausesOf(text);
  if (read === undefined) {
    throw new StartFailure(`Cannot understand ${path}, which says what is paused; remove it to resume everything`);
  }
  return read;
}

function pausesOf(text: string): Pauses | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { version, receiving, sending, destinations } = value as Record<string, unknown>;
  if (version !== VERSION || typeof receiving !== "boolean" || typeof sending !== "boolean") return undefined;
  if (!Array.isArray(destinations)) return undefined;
  const names = destinations.filter((name) => typeof name === "string");
  return names.length === destinations.length ? { receiving, sending, destinations: names } : undefined;
}

/** Whole or not at all; every worker may write it, and all write the same. */
function writePauses(path: string, pauses: Pauses): void {
  const fresh = `${path}.${process.pid}`;
  const file = openSync(fresh, "w", 0o600);
  try {
    writeSync(file, `${JSON.stringify({ version: VERSION, ...pauses })}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(fresh, path);
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

const NOTHING: Pauses = { receiving: false, sending: false, destinations: [] };
const VERSION = 1;
