import { createReadStream, existsSync } from "node:fs";
import { readdir, unlink } from "node:fs/promises";
import { StoreError } from "../../port.ts";
import { type Database, openDatabase, openReadOnly, type Row } from "./database.ts";
import { fileFault } from "./faults.ts";
import { systemFiles } from "./files.ts";
import { BODIES, DATABASE } from "./open.ts";
import { envelopeText, firstUnitKey, messageKeyOf, numberOf, textOf, unitState } from "./rows.ts";
import { requireSchema } from "./schema.ts";
import { contentSum, messageSum, unitSum } from "./sums.ts";

/** One thing that is wrong with a stored queue. */
export interface StoreFinding {
  readonly kind: "database" | "message" | "unit" | "content" | "orphan";
  /** The message's id, the unit's key, or the file's name, where there is one. */
  readonly name?: string;
  readonly detail: string;
  /** What the repair did about it. */
  readonly repaired?: "held" | "removed" | "rebuilt";
}

export interface StoreReport {
  readonly messages: number;
  readonly units: number;
  /** Octets of content that were read. */
  readonly octets: number;
  readonly findings: readonly StoreFinding[];
}

/**
 * Reads all of a shard that no process has open: the database page by page, every row and every content to its end, and
 * all of their check sums. With `repair`, indexes are built anew when one is wrong, units that cannot be delivered are put
 * on hold, as damaged, rows that an older program wrote get their sums, and files that no row names are removed; nothing
 * else changes. Throws StoreError when it is open elsewhere or cannot be opened; undefined when there is none yet.
 */
export async function verifyShard(directory: string, repair: boolean): Promise<StoreReport | undefined> {
  const path = `${directory}/${DATABASE}`;
  if (!existsSync(path)) return undefined;
  using db = repair ? openDatabase(path) : openReadOnly(path);
  requireSchema(db, path);
  const findings: StoreFinding[] = [];
  const check: Check = {
    db,
    folder: `${directory}/${BODIES}`,
    repair,
    note: (finding) => void findings.push(finding),
  };
  checkDatabase(check);
  const messages = await checkMessages(check);
  const units = checkUnits(check, messages.keys);
  for (const row of db.prepare(FORGOTTEN).iterate()) {
    check.note({ kind: "message", name: String(row["id"]), detail: "it has no unit, so nobody delivers it" });
  }
  await checkOrphans(check, messages.named);
  return { messages: messages.keys.size, units, octets: messages.octets, findings };
}

interface Check {
  readonly db: Database;
  readonly folder: string;
  readonly repair: boolean;
  readonly note: (finding: StoreFinding) => void;
}

function checkDatabase({ db, repair, note }: Check): void {
  const found = (): string[] =>
    db
      .prepare("PRAGMA integrity_check(100)")
      .all()
      .map((row) => String(row["integrity_check"]))
      .filter((text) => text !== "ok");
  const before = found();
  if (repair && before.length > 0) db.run("REINDEX");
  const after = repair && before.length > 0 ? new Set(found()) : new Set(before);
  for (const detail of before)
    note({ kind: "database", detail, ...(after.has(detail) ? {} : { repaired: "rebuilt" }) });
}

interface Messages {
  readonly keys: ReadonlySet<number>;
  /** Those whose content is in a file. */
  readonly named: ReadonlySet<string>;
  readonly octets: number;
}

async function checkMessages(check: Check): Promise<Messages> {
  const { db, folder, repair, note } = check;
  const named = new Set<string>();
  const keys = new Set<number>();
  let octets = 0;
  const bodyOf = db.prepare("SELECT body FROM message WHERE key = ?");
  const giveSums = db.prepare("UPDATE message SET body_sum = ?, sum = ? WHERE key = ?");
  for (const row of db.prepare(MESSAGES).iterate()) {
    const key = numberOf(row, "key");
    const id = String(row["id"]);
    keys.add(key);
    const held = (): Pick<StoreFinding, "repaired"> => holdAll(check, firstUnitKey(key), firstUnitKey(key + 1));
    const fault = faultIn(() => envelopeText(row));
    if (fault !== undefined) note({ kind: "message", name: id, detail: fault, ...held() });
    const filed = row["filed"] === 1;
    if (filed) named.add(id);
    const found = filed ? await readContent(`${folder}/${id}`) : inlineContent(bodyOf.get(key));
    const wrong = wrongWith(row, found);
    if (wrong !== undefined) note({ kind: "content", name: id, detail: `its content ${wrong}`, ...held() });
    octets += found?.size ?? 0;
    if (!repair || row["sum"] !== null || fault !== undefined || wrong !== undefined || found === undefined) continue;
    const [envelope, bodySize, acceptedAt] = [textOf(row, "envelope"), found.size, numberOf(row, "accepted_at")];
    giveSums.run(found.sum, messageSum({ id, acceptedAt, bodySize, envelope }), key);
  }
  return { keys, named, octets };
}

function wrongWith(row: Row, found: Content | undefined): string | undefined {
  const size = numberOf(row, "body_size");
  if (found === undefined) return `is missing, its row says ${size}`;
  if (found.size !== size) return `has ${found.size} octets, its row says ${size}`;
  if (row["body_sum"] !== null && size > 0 && found.sum !== row["body_sum"])
    return "is damaged: its check sum is another";
  return undefined;
}

function checkUnits(check: Check, messages: ReadonlySet<number>): number {
  const { db, repair, note } = check;
  const giveSum = db.prepare("UPDATE unit SET sum = ? WHERE key = ?");
  let units = 0;
  for (const row of db.prepare("SELECT * FROM unit").iterate()) {
    const key = numberOf(row, "key");
    units++;
    const fault = messages.has(messageKeyOf(key))
      ? faultIn(() => [unitState(row), textOf(row, "destination")])
      : "its message is missing";
    if (fault !== undefined) {
      note({ kind: "unit", name: String(key), detail: fault, ...holdAll(check, key, key + 1) });
    } else if (repair && row["sum"] === null) {
      giveSum.run(unitSum(key, textOf(row, "destination"), textOf(row, "recipients")), key);
    }
  }
  return units;
}

async function checkOrphans({ folder, repair, note }: Check, named: ReadonlySet<string>): Promise<void> {
  const orphans = existsSync(folder) ? (await readdir(folder)).filter((name) => !named.has(name)) : [];
  // As at an opening: the log must have its name first.
  if (repair && orphans.length > 0) await systemFiles.syncFolder(folder.slice(0, -BODIES.length));
  for (const name of orphans) {
    if (repair) await unlink(`${folder}/${name}`);
    note({ kind: "orphan", name, detail: "no row names this file", ...(repair ? { repaired: "removed" } : {}) });
  }
}

function holdAll({ db, repair }: Check, from: number, until: number): Pick<StoreFinding, "repaired"> {
  if (!repair) return {};
  db.prepare("UPDATE unit SET state = 4 WHERE key >= ? AND key < ? AND state <> 4").run(from, until);
  return { repaired: "held" };
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

interface Content {
  readonly size: number;
  readonly sum: number;
}

function inlineContent(row: Row | undefined): Content {
  const body = row?.["body"];
  return body instanceof Uint8Array ? { size: body.length, sum: contentSum(body) } : { size: 0, sum: 0 };
}

/** Of the file, read to its end; undefined when it is missing. */
async function readContent(path: string): Promise<Content | undefined> {
  try {
    let size = 0;
    let sum = 0;
    for await (const chunk of createReadStream(path)) {
      const octets = chunk as Uint8Array<ArrayBuffer>;
      size += octets.length;
      sum = contentSum(octets, sum);
    }
    return { size, sum };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw fileFault(`read ${path}`, error);
  }
}

const FORGOTTEN =
  "SELECT id FROM message WHERE NOT EXISTS (SELECT 1 FROM unit WHERE unit.key >= message.key * 65536 AND unit.key < (message.key + 1) * 65536)";
const MESSAGES =
  "SELECT key, id, accepted_at, envelope, body_size, body_sum, sum, body IS NULL AND body_size > 0 AS filed FROM message";
