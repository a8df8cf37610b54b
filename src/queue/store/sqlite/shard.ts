import { dirname } from "node:path";
import type { Instant } from "../../../base/mod.ts";
import { type QueueId, StoreError } from "../../port.ts";
import { createDueCursor, type DueCursor } from "../../due.ts";
import { shownState, type UnitState } from "../../transition.ts";
import { type Database, openDatabase, openReadOnly, type Row, type Statement } from "./database.ts";
import type { MessageRow, NewRow, Totals } from "./protocol.ts";
import { envelopeText, firstUnitKey, messageKeyOf, numberOf, stateNumber, textOf, unitState } from "./rows.ts";
import { giveUpReserve, RESERVE_FILE } from "./reserve.ts";
import { migrate, requireSchema } from "./schema.ts";
import { messageSum, unitSum } from "./sums.ts";

/** An open shard: the database with its statements, and what is remembered of its ready units. */
export interface Shard {
  readonly db: Database;
  /** Gives up what was set aside for a full disk; false when it is gone already. */
  readonly giveUpReserve: () => boolean;
  readonly sql: Statements;
  readonly ready: DueCursor;
  /** Rows found damaged since the last answer. */
  readonly faults: string[];
  /** A write or sync failed, and the log was not emptied since. */
  doubtful: boolean;
  /** What lies in the shard, and by how much the transaction that is under way changes it. */
  readonly held: Held;
  readonly change: Held;
}

interface Held {
  messages: number;
  /** Octets of contents in files. */
  filed: number;
}

export type Statements = { readonly [name in keyof typeof SQL]: Statement };

/**
 * Opens the database file. Work that a dead process held falls due at once and counts as a crash. Throws StoreError, with
 * a text that names the shard, when another process has it open or a newer program wrote it.
 */
export function openShard(path: string, now: Instant): Shard {
  try {
    return beginShard(path, now);
  } catch (error) {
    if (!(error instanceof StoreError && error.kind === "no-space" && giveUpReserve(reserveOf(path)))) throw error;
    return beginShard(path, now);
  }
}

function beginShard(path: string, now: Instant): Shard {
  const db = openDatabase(path);
  try {
    migrate(db, path);
    db.transaction(() => {
      db.prepare("UPDATE unit SET state = 0, due = ?, crashes = crashes + 1 WHERE state = 1").run(now);
    });
    return shardOver(db, path);
  } catch (error) {
    db[Symbol.dispose]();
    throw error;
  }
}

/** Opens it for reading alone: nothing falls due, nothing is migrated. Throws StoreError. */
export function openShardReadOnly(path: string): Shard {
  const db = openReadOnly(path);
  try {
    requireSchema(db, path);
    return shardOver(db, path);
  } catch (error) {
    db[Symbol.dispose]();
    throw error;
  }
}

function reserveOf(path: string): string {
  return `${dirname(path)}/${RESERVE_FILE}`;
}

function shardOver(db: Database, path: string): Shard {
  const names = Object.keys(SQL) as (keyof typeof SQL)[];
  const sql = Object.fromEntries(names.map((name) => [name, db.prepare(SQL[name])])) as Statements;
  const held = {
    messages: Number(sql.countMessages.get()?.["number"]),
    filed: Number(sql.filedOctets.get()?.["octets"] ?? 0),
  };

  const change = { messages: 0, filed: 0 };
  return {
    db,
    giveUpReserve: () => giveUpReserve(reserveOf(path)),
    sql,
    ready: createDueCursor(),
    faults: [],
    doubtful: false,
    held,
    change,
  };
}

/** The ids of messages whose content is in a file. */
export function filedMessages(shard: Shard): string[] {
  return shard.sql.filedIds.all().map((row) => textOf(row, "id"));
}

/** The messages of the shard, and what they take on the disk. */
export function totalsOf({ db, held }: Shard): Totals {
  return { messages: held.messages, octets: db.usedOctets() + held.filed };
}

/** The transaction has ended; its changes hold or do not. */
export function endChange({ held, change }: Shard, holds: boolean): void {
  if (holds) {
    held.messages += change.messages;
    held.filed += change.filed;
  }
  change.messages = 0;
  change.filed = 0;
}

export function insertMessage(shard: Shard, message: NewRow): void {
  const { id, acceptedAt, envelope, bodySize, bodySum, body } = message;
  const due = Math.round(acceptedAt);
  const sum = messageSum({ id, acceptedAt: due, bodySize, envelope });
  const { lastInsertRowid: key } = shard.sql.insertMessage.run(id, due, envelope, bodySize, body ?? null, bodySum, sum);
  shard.change.messages++;
  if (body === undefined) shard.change.filed += bodySize;
  for (const [place, unit] of message.units.entries()) {
    const unitKey = firstUnitKey(key) + place;
    const { destination, recipients } = unit;
    const unitsSum = unitSum(unitKey, destination, recipients);
    shard.sql.insertUnit.run(unitKey, due, destination, recipients, message.sender, unitsSum);
    shard.ready.note({ due, key: unitKey, destination: unit.destination, suspect: false });
  }
}

/** `row` is the unit's as it is. */
export function writeUnit(shard: Shard, row: Row, unit: UnitState, recipients: string): void {
  const { due, token, attempt, crashes } = unit;
  const key = numberOf(row, "key");
  const sum = unitSum(key, textOf(row, "destination"), recipients);
  shard.sql.updateUnit.run(stateNumber(unit), Math.round(due), token, attempt, crashes, recipients, sum, key);
}

function unitsOf(shard: Shard, message: Row): Row[] {
  const first = firstUnitKey(numberOf(message, "key"));
  return shard.sql.unitsBetween.all(first, firstUnitKey(numberOf(message, "key") + 1));
}

/** Removes the unit, and its message with the last one. */
export function finish(shard: Shard, unit: number): { freed?: string } {
  shard.sql.deleteUnit.run(unit);
  const message = messageKeyOf(unit);
  if (shard.sql.anyUnitBetween.get(firstUnitKey(message), firstUnitKey(message + 1)) !== undefined) return {};
  const gone = shard.sql.deleteMessage.get(message);
  if (gone !== undefined) shard.change.messages--;
  if (gone?.["filed"] !== 1) return {};
  shard.change.filed -= Number(gone["body_size"]);
  return { freed: textOf(gone, "id") };
}

/** The message as operators see it. A StoreError for a damaged row names the message: operators know nothing else. */
export function messageRow(shard: Shard, row: Row, now: number): MessageRow {
  try {
    return soundRow(shard, row, now);
  } catch (error) {
    // What SQLite itself found has a cause, and is the whole file's.
    if (!(error instanceof StoreError) || error.cause !== undefined) throw error;
    const id = textOf(row, "id");
    const detail = error.message.includes(`message ${id} `) ? error.message : `${error.message}, of message ${id}`;
    throw new StoreError("corrupt", detail, { id: id as QueueId });
  }
}

function soundRow(shard: Shard, row: Row, now: number): MessageRow {
  return {
    id: textOf(row, "id"),
    envelope: envelopeText(row),
    acceptedAt: numberOf(row, "accepted_at"),
    bodySize: numberOf(row, "body_size"),
    units: unitsOf(shard, row).map((unit) => {
      const state = unitState(unit);
      return {
        unit: numberOf(unit, "key"),
        destination: textOf(unit, "destination"),
        state: shownState(state, now),
        attempt: state.attempt,
        crashes: state.crashes,
        ...(state.heldBy === undefined ? {} : { heldBy: state.heldBy }),
        nextAt: state.due,
        recipients: state.recipients,
      };
    }),
  };
}

const SQL = {
  insertMessage:
    "INSERT INTO message (id, accepted_at, envelope, body_size, body, body_sum, sum) VALUES (?, ?, ?, ?, ?, ?, ?)",
  insertUnit:
    "INSERT INTO unit (key, state, due, token, attempt, crashes, destination, recipients, sender, sum) VALUES (?, 0, ?, 0, 0, 0, ?, ?, ?, ?)",
  messageKey: "SELECT key FROM message WHERE id = ?",
  messageByKey: "SELECT key, id, accepted_at, envelope, body_size, sum FROM message WHERE key = ?",
  messageById: "SELECT key, id, accepted_at, envelope, body_size, sum FROM message WHERE id = ?",
  messagesAfter: "SELECT key, id, accepted_at, envelope, body_size, sum FROM message WHERE id > ? ORDER BY id LIMIT ?",
  bodyById: "SELECT id, body, body_size, body_sum FROM message WHERE id = ?",
  deleteMessage: "DELETE FROM message WHERE key = ? RETURNING id, body_size, body IS NULL AND body_size > 0 AS filed",
  filedIds: "SELECT id FROM message WHERE body IS NULL AND body_size > 0",
  filedOctets: "SELECT sum(body_size) AS octets FROM message WHERE body IS NULL AND body_size > 0",
  unitByKey: "SELECT * FROM unit WHERE key = ?",
  unitsBetween: "SELECT * FROM unit WHERE key >= ? AND key < ? ORDER BY key",
  anyUnitBetween: "SELECT 1 AS found FROM unit WHERE key >= ? AND key < ? LIMIT 1",
  updateUnit:
    "UPDATE unit SET state = ?, due = ?, token = ?, attempt = ?, crashes = ?, recipients = ?, sum = ? WHERE key = ?",
  leaseUnit: "UPDATE unit SET state = 1, due = ?, token = ?, attempt = ?, crashes = ? WHERE key = ?",
  moveDue: "UPDATE unit SET due = ? WHERE key = ?",
  holdUnit: "UPDATE unit SET state = 4 WHERE key = ?",
  changeUnit: "UPDATE unit SET state = ?, due = ?, crashes = ? WHERE key = ?",
  lastUnit: "SELECT max(key) AS key FROM unit",
  unitsFrom:
    "SELECT key, state, due, crashes, destination, sender FROM unit WHERE key >= ? AND key < ? ORDER BY key LIMIT ?",
  messageIdsAfter: "SELECT key, id FROM message WHERE id > ? ORDER BY id LIMIT ?",
  deleteUnit: "DELETE FROM unit WHERE key = ?",
  readyAfter:
    "SELECT key, due, destination, crashes FROM unit WHERE state = 0 AND due <= ? AND (due, key) > (?, ?) ORDER BY due, key LIMIT ?",
  expiredLeases: "SELECT key, due, destination FROM unit WHERE state = 1 AND due <= ? ORDER BY due, key LIMIT ?",
  earliest: "SELECT min(due) AS due FROM unit WHERE state = ?",
  leases: "SELECT due, destination FROM unit WHERE state = 1 ORDER BY due",
  countMessages: "SELECT count(*) AS number FROM message",
  countUnits: "SELECT count(*) AS number FROM unit",
  countStates: "SELECT state, count(*) AS number FROM unit GROUP BY state",
  countDue: "SELECT count(*) AS number, min(due) AS due FROM unit WHERE state = ? AND due <= ?",
  tallyUp:
    "INSERT INTO tally (day, key, count) VALUES (?, ?, 1) ON CONFLICT (day, key) DO UPDATE SET count = count + 1",
  tallies: "SELECT day, key, count FROM tally ORDER BY day, key",
  talliesOf: "SELECT day, key, count FROM tally WHERE day = ? ORDER BY key",
  forgetTallies: "DELETE FROM tally WHERE day < ?",
} as const;
