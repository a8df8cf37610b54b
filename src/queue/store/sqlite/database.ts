import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from "node:sqlite";
import { StoreError } from "../../port.ts";
import { renewLog } from "./log.ts";

/** The only file that knows node:sqlite. */
export interface Database extends Disposable {
  /** Runs statements without parameters or results. */
  run(sql: string): void;
  prepare(sql: string): Statement;
  /** Runs `work` in one transaction, durable when it returns; rolled back when it throws. */
  transaction<T>(work: () => T): T;
  /** Octets of its pages that are in use. */
  usedOctets(): number;
  /** Brings all that is committed into the database itself, synced, and leaves the log empty. */
  emptyLog(): void;
}

export type Value = SQLInputValue;
export type Row = Record<string, SQLOutputValue>;

export interface Statement {
  run(...values: readonly Value[]): { readonly lastInsertRowid: number };
  get(...values: readonly Value[]): Row | undefined;
  all(...values: readonly Value[]): Row[];
  iterate(...values: readonly Value[]): IterableIterator<Row>;
}

/**
 * Opens the file for this process alone: WAL, every commit synced. Throws StoreError, so do all members: `no-space`,
 * `io` or `corrupt` by what SQLite reports.
 */
export function openDatabase(path: string): Database {
  const db = guarded(path, () => new DatabaseSync(path, { timeout: 0 }));
  try {
    return prepareDatabase(path, db);
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Opens the file to read it while no other process has it open; changes nothing in it. Throws StoreError. */
export function openReadOnly(path: string): Database {
  const db = guarded(path, () => new DatabaseSync(path, { timeout: 0, readOnly: true }));
  try {
    return wrapDatabase(path, db);
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Whether a shard could not be opened because it is open in another process, which may end. */
export function openedElsewhere(error: StoreError): boolean {
  return error.message.endsWith(ELSEWHERE);
}

function prepareDatabase(path: string, db: DatabaseSync): Database {
  const database = wrapDatabase(path, db);
  const run = (sql: string): void => database.run(sql);
  // Exclusive mode holds the lock until the file is closed or the process is dead.
  run(
    `PRAGMA locking_mode=EXCLUSIVE; PRAGMA page_size=${PAGE_SIZE}; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;`,
  );
  run(`PRAGMA wal_autocheckpoint=${CHECKPOINT_PAGES}; PRAGMA cache_size=-${CACHE_KIB}; PRAGMA temp_store=MEMORY;`);
  run("BEGIN IMMEDIATE; COMMIT");
  renewLog(`${path}-wal`);
  emptyWhereRoom(database);
  beginLog(database);
  return database;
}

/** A log that the database has no room for stays: it is renewed, and may be written on. */
function emptyWhereRoom(database: Database): void {
  try {
    database.emptyLog();
  } catch (error) {
    if (!(error instanceof StoreError && error.kind === "no-space")) throw error;
  }
}

/**
 * A commit that was refused may lie whole in the log of before, and no sync vouches yet for that log being empty: a power
 * cut may bring it back, to be read again. Behind the synced beginning of a new log it means nothing. So whoever removes
 * the contents that nobody names does that after this.
 */
function beginLog(database: Database): void {
  const last = Number(database.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
  database.transaction(() => database.run(`PRAGMA user_version=${(last + 1) % OPENINGS}`));
}

function wrapDatabase(path: string, db: DatabaseSync): Database {
  const guard = <T>(work: () => T): T => guarded(path, work);
  const run = (sql: string): void => guard(() => db.exec(sql));
  // Not before the pragmas: to prepare it opens the log, which must find the exclusive mode set.
  let used: ReturnType<typeof db.prepare> | undefined;
  return {
    run,
    usedOctets: () => Number(guard(() => (used ??= db.prepare(USED)).get())?.["octets"]),
    prepare: (sql) =>
      wrap(
        guard(() => db.prepare(sql)),
        guard,
      ),
    transaction(work) {
      run("BEGIN IMMEDIATE");
      try {
        const result = work();
        run("COMMIT");
        return result;
      } catch (error) {
        if (db.isTransaction) run("ROLLBACK");
        throw error;
      }
    },
    emptyLog() {
      const row = guard(() => db.prepare(EMPTY_LOG).get());
      if (row?.["busy"] !== 0) throw new StoreError("io", `Cannot empty the log of the shard ${path}: it is in use`);
    },
    [Symbol.dispose]: () => guard(() => db.close()),
  };
}

function wrap(statement: ReturnType<DatabaseSync["prepare"]>, guard: <T>(work: () => T) => T): Statement {
  return {
    run: (...values) => ({ lastInsertRowid: Number(guard(() => statement.run(...values)).lastInsertRowid) }),
    get: (...values) => guard(() => statement.get(...values)),
    all: (...values) => guard(() => statement.all(...values)),
    *iterate(...values) {
      const rows = guard(() => statement.iterate(...values));
      for (;;) {
        const next = guard(() => rows.next());
        if (next.done === true) return;
        yield next.value;
      }
    },
  };
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storeErrorOf(path, error);
  }
}

function storeErrorOf(path: string, error: unknown): unknown {
  const code: unknown = error instanceof Error && "errcode" in error ? error.errcode : undefined;
  if (typeof code !== "number") return error;
  const primary = code & 0xff;
  const detail = `${path}: ${(error as Error).message} (SQLite ${code})`;
  if (primary === SQLITE_BUSY || primary === SQLITE_LOCKED) {
    return new StoreError("io", `The shard ${path} ${ELSEWHERE}`, { cause: error });
  }
  if (CALLERS_FAULT.has(primary)) return new Error(detail, { cause: error });
  return new StoreError(KIND_BY_CODE.get(primary) ?? "io", detail, { cause: error });
}

const ELSEWHERE = "is open in another process, or twice in this one";
const USED =
  "SELECT (page_count - freelist_count) * page_size AS octets FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
const EMPTY_LOG = "PRAGMA wal_checkpoint(TRUNCATE)";
/** Measured with 4 KiB messages: 4 KiB pages commit a third fewer, 32 KiB no more. */
const PAGE_SIZE = 16_384;
const CHECKPOINT_PAGES = 4000;
/** `user_version` counts openings, so that each has something to write. */
const OPENINGS = 1_000_000_000;
const CACHE_KIB = 65_536;
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
/** Too big, constraint, mismatch: the values are wrong, not the disk. */
const CALLERS_FAULT: ReadonlySet<number> = new Set([18, 19, 20]);
const KIND_BY_CODE: ReadonlyMap<number, StoreError["kind"]> = new Map([
  [11, "corrupt"],
  [13, "no-space"],
  [26, "corrupt"],
]);
