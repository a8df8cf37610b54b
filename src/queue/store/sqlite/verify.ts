import { createReadStream, existsSync } from "node:fs";
import { readdir, unlink } from "node:fs/promises";
import { StoreError } from "../../port.ts";
import { openDatabase, openReadOnly, type Row } from "./database.ts";
import { fileFault } from "./faults.ts";
import { BODIES, DATABASE } from "./open.ts";
import { envelopeText, firstUnitKey, messageKeyOf, numberOf, textOf, unitState } from "./rows.ts";
import { requireSchema } from "./schema.ts";

/** One thing that is wrong with a stored queue. */
export interface StoreFinding {
  readonly kind: "database" | "message" | "unit" | "content" | "orphan";
  /** The message's id, the unit's key, or the file's name, where there is one. */
  readonly name?: string;
  readonly detail: string;
  /** What the repair did about it. */
  readonly repaired?: "held" | "removed";
}

export interface StoreReport {
  readonly messages: number;
  readonly units: number;
  /** Octets of content that were read. */
  readonly octets: number;
  readonly findings: readonly StoreFinding[];
}

/**
 * Reads all of a shard that no process has open: the database page by page, every row, every content to its end. With
 * `repair`, units that cannot be delivered are put on hold, as damaged, and files that no row names are removed; nothing
 * else changes. Throws StoreError when it is open elsewhere or cannot be opened; undefined when there is none yet.
 */
export async function verifyShard(directory: string, repair: boolean): Promise<StoreReport | undefined> {
  const path = `${directory}/${DATABASE}`;
  if (!existsSync(path)) return undefined;
  using db = repair ? openDatabase(path) : openReadOnly(path);
  requireSchema(db, path);
  const findings: StoreFinding[] = [];
  const note = (finding: StoreFinding): void => void findings.push(finding);
  for (const row of db.prepare("PRAGMA integrity_check(100)").all()) {
    const text = String(row["integrity_check"]);
    if (text !== "ok") note({ kind: "database", detail: text });
  }
  const hold = repair ? db.prepare("UPDATE unit SET state = 4 WHERE key >= ? AND key < ? AND state <> 4") : undefined;
  const heldNow = (from: number, until: number): Pick<StoreFinding, "repaired"> => {
    if (hold === undefined) return {};
    hold.run(from, until);
    return { repaired: "held" };
  };
  const named = new Set<string>();
  const keys = new Set<number>();
  let messages = 0;
  let octets = 0;
  const bodyOf = db.prepare("SELECT body FROM message WHERE key = ?");
  for (const row of db
    .prepare("SELECT key, id, envelope, body_size, body IS NULL AND body_size > 0 AS filed FROM message")
    .all()) {
    const key = numberOf(row, "key");
    const id = String(row["id"]);
    messages++;
    keys.add(key);
    const held = (): Pick<StoreFinding, "repaired"> => heldNow(firstUnitKey(key), firstUnitKey(key + 1));
    const fault = faultIn(() => envelopeText(row));
    if (fault !== undefined) note({ kind: "message", name: id, detail: fault, ...held() });
    const size = numberOf(row, "body_size");
    if (row["filed"] === 1) named.add(id);
    const found = row["filed"] === 1 ? await fileSize(`${directory}/${BODIES}/${id}`) : inlineSize(bodyOf.get(key));
    if (found !== size) {
      const has = found === undefined ? "is missing" : `has ${found} octets`;
      note({ kind: "content", name: id, detail: `its content ${has}, its row says ${size}`, ...held() });
    }
    octets += found ?? 0;
  }
  let units = 0;
  for (const row of db.prepare("SELECT * FROM unit").all()) {
    const key = numberOf(row, "key");
    units++;
    const fault = keys.has(messageKeyOf(key))
      ? faultIn(() => [unitState(row), textOf(row, "destination")])
      : "its message is missing";
    if (fault !== undefined) note({ kind: "unit", name: String(key), detail: fault, ...heldNow(key, key + 1) });
  }
  const folder = `${directory}/${BODIES}`;
  const orphans = existsSync(folder) ? (await readdir(folder)).filter((name) => !named.has(name)) : [];
  for (const name of orphans) {
    if (repair) await unlink(`${folder}/${name}`);
    note({ kind: "orphan", name, detail: "no row names this file", ...(repair ? { repaired: "removed" } : {}) });
  }
  return { messages, units, octets, findings };
}

function faultIn(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof StoreError && error.cause === undefined) return error.message;
    throw error;
  }
}

function inlineSize(row: Row | undefined): number {
  const body = row?.["body"];
  return body instanceof Uint8Array ? body.length : 0;
}

/** Octets of the file, read to its end; undefined when it is missing. */
async function fileSize(path: string): Promise<number | undefined> {
  try {
    let size = 0;
    for await (const chunk of createReadStream(path)) size += (chunk as Uint8Array).length;
    return size;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw fileFault(`read ${path}`, error);
  }
}
