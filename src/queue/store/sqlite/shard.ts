import type { Instant } from "../../../base/mod.ts";
import { createDueCursor, type DueCursor } from "../../due.ts";
import type { UnitState } from "../../transition.ts";
import { type Database, openDatabase, type Row, type Statement } from "./database.ts";
import type { NewRow } from "./protocol.ts";
import { firstUnitKey, numberOf, STATE_NUMBER, textOf } from "./rows.ts";
import { migrate } from "./schema.ts";

/** An open shard: the database with its statements, and what is remembered of its ready units. */
export interface Shard {
  readonly db: Database;
  readonly sql: Statements;
  readonly ready: DueCursor;
  /** Rows found damaged since the last answer. */
  readonly faults: string[];
}

export type Statements = { readonly [name in keyof typeof SQL]: Statement };

/**
 * Opens the database file. Work that a dead process held falls due at once and counts as a crash. Throws StoreError, with
 * a text that names the shard, when another process has it open or a newer program wrote it.
 */
export function openShard(path: string, now: Instant): Shard {
  const db = openDatabase(path);
  try {
    migrate(db, path);
    db.transaction(() => {
      db.prepare("UPDATE unit SET state = 0, due = ?, crashes = crashes + 1 WHERE state = 1").run(now);
    });
    const names = Object.keys(SQL) as (keyof typeof SQL)[];
    const sql = Object.fromEntries(names.map((name) => [name, db.prepare(SQL[name])])) as Statements;
    return { db, sql, ready: createDueCursor(), faults: [] };
  } catch (error) {
    db[Symbol.dispose]();
    throw error;
  }
}

/** The ids of messages whose content is in a file. */
export function filedMessages(shard: Shard): string[] {
  return shard.sql.filedIds.all().map((row) => textOf(row, "id"));
}

export function insertMessage(shard: Shard, message: NewRow): void {
  const { id, acceptedAt, envelope, bodySize, body } = message;
  const due = Math.round(acceptedAt);
  const { lastInsertRowid: key } = shard.sql.insertMessage.run(id, due, envelope, bodySize, body ?? null);
  for (const [place, unit] of message.units.entries()) {
    const unitKey = firstUnitKey(key) + place;
    shard.sql.insertUnit.run(unitKey, due, unit.destination, unit.recipients);
    shard.ready.note({ due, key: unitKey, destination: unit.destination });
  }
}

export function writeUnit(shard: Shard, key: number, unit: UnitState, recipients: string): void {
  const { kind, due, token, attempt, crashes } = unit;
  shard.sql.updateUnit.run(STATE_NUMBER[kind], Math.round(due), token, attempt, crashes, recipients, key);
}

export function unitsOf(shard: Shard, message: Row): Row[] {
  const first = firstUnitKey(numberOf(message, "key"));
  return shard.sql.unitsBetween.all(first, firstUnitKey(numberOf(message, "key") + 1));
}

const SQL = {
  insertMessage: "INSERT INTO message (id, accepted_at, envelope, body_size, body) VALUES (?, ?, ?, ?, ?)",
  insertUnit:
    "INSERT INTO unit (key, state, due, token, attempt, crashes, destination, recipients) VALUES (?, 0, ?, 0, 0, 0, ?, ?)",
  messageKey: "SELECT key FROM message WHERE id = ?",
  messageByKey: "SELECT key, id, accepted_at, envelope, body_size FROM message WHERE key = ?",
  messageById: "SELECT key, id, accepted_at, envelope, body_size FROM message WHERE id = ?",
  messagesAfter: "SELECT key, id, accepted_at, envelope, body_size FROM message WHERE id > ? ORDER BY id LIMIT ?",
  bodyById: "SELECT id, body, body_size FROM message WHERE id = ?",
  deleteMessage: "DELETE FROM message WHERE key = ? RETURNING id, body IS NULL AND body_size > 0 AS filed",
  filedIds: "SELECT id FROM message WHERE body IS NULL AND body_size > 0",
  unitByKey: "SELECT * FROM unit WHERE key = ?",
  unitsBetween: "SELECT * FROM unit WHERE key >= ? AND key < ? ORDER BY key",
  anyUnitBetween: "SELECT 1 AS found FROM unit WHERE key >= ? AND key < ? LIMIT 1",
  updateUnit: "UPDATE unit SET state = ?, due = ?, token = ?, attempt = ?, crashes = ?, recipients = ? WHERE key = ?",
  leaseUnit: "UPDATE unit SET state = 1, due = ?, token = ?, attempt = ?, crashes = ? WHERE key = ?",
  moveDue: "UPDATE unit SET due = ? WHERE key = ?",
  holdUnit: "UPDATE unit SET state = 2 WHERE key = ?",
  deleteUnit: "DELETE FROM unit WHERE key = ?",
  readyAfter:
    "SELECT key, due, destination FROM unit WHERE state = 0 AND due <= ? AND (due, key) > (?, ?) ORDER BY due, key LIMIT ?",
  expiredLeases: "SELECT key, due, destination FROM unit WHERE state = 1 AND due <= ? ORDER BY due, key LIMIT ?",
  earliest: "SELECT min(due) AS due FROM unit WHERE state = ?",
  countMessages: "SELECT count(*) AS number FROM message",
  countUnits: "SELECT count(*) AS number FROM unit",
} as const;
