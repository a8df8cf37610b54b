import { StoreError } from "../../port.ts";
import type { Database } from "./database.ts";

/**
 * Brings the shard to this program's schema, one migration after the other, each in its own transaction. A shard of a
 * newer program is refused untouched.
 */
export function migrate(db: Database, path: string): void {
  const known = MIGRATIONS.length;
  let version = schemaVersion(db);
  if (version > known) {
    throw new StoreError(
      "corrupt",
      `The shard ${path} has schema ${version}, this program knows up to ${known}: a newer version has written it`,
    );
  }
  for (const migration of MIGRATIONS.slice(version)) {
    version++;
    db.transaction(() => {
      db.run(migration);
      db.prepare("INSERT INTO schema_version (version) VALUES (?)").run(version);
    });
  }
}

/** Refuses a shard that a reader, who may not migrate it, cannot understand. */
export function requireSchema(db: Database, path: string): void {
  const version = schemaVersion(db);
  const known = MIGRATIONS.length;
  if (version === known) return;
  const why = version > known ? "a newer version has written it" : "the daemon brings it up to date when it starts";
  throw new StoreError("io", `The shard ${path} has schema ${version}, this program reads ${known}: ${why}`);
}

function schemaVersion(db: Database): number {
  const table = db
    .prepare("SELECT 1 AS found FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'")
    .get();
  if (table === undefined) return 0;
  return Number(db.prepare("SELECT max(version) AS version FROM schema_version").get()?.["version"] ?? 0);
}

/**
 * Schema 1. A unit's key is its message's key × 65536 + its place, so that neither is ever used twice (AUTOINCREMENT)
 * and the units of a message lie together. `state`: 0 ready, 1 leased, 2 held; `due` is the end of the lease while leased.
 *
 * Schema 2. `unit.sender` is what `senderKey` makes of the envelope's reverse-path, NULL when the envelope is damaged. In
 * `state`, 2 is held by a settlement, 3 by an operator, 4 because the row is damaged.
 *
 * Schema 3. `body_sum` and `sum` are as sums.ts makes them, of the content and of the row; NULL in what an older program
 * wrote. The index names the messages whose content is a file, so that opening a long queue does not read all of it.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE schema_version (version INTEGER PRIMARY KEY) STRICT;
   CREATE TABLE message (
     key INTEGER PRIMARY KEY AUTOINCREMENT,
     id TEXT NOT NULL UNIQUE,
     accepted_at INTEGER NOT NULL,
     envelope TEXT NOT NULL,
     body_size INTEGER NOT NULL,
     body BLOB
   ) STRICT;
   CREATE TABLE unit (
     key INTEGER PRIMARY KEY,
     state INTEGER NOT NULL,
     due INTEGER NOT NULL,
     token INTEGER NOT NULL,
     attempt INTEGER NOT NULL,
     crashes INTEGER NOT NULL,
     destination TEXT NOT NULL,
     recipients TEXT NOT NULL
   ) STRICT;
   CREATE INDEX unit_due ON unit (state, due);`,
  `CREATE TABLE tally (day TEXT NOT NULL, key TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (day, key)) STRICT, WITHOUT ROWID;
   ALTER TABLE unit ADD COLUMN sender TEXT;
   UPDATE unit SET sender = (
     SELECT CASE
       WHEN NOT json_valid(envelope) THEN NULL
       WHEN json_extract(envelope, '$.reversePath.kind') = 'null' THEN ''
       ELSE json_extract(envelope, '$.reversePath.mailbox.localPart') || '@' || json_extract(envelope, '$.reversePath.mailbox.domain')
     END FROM message WHERE message.key = unit.key / 65536
   );`,
  `ALTER TABLE message ADD COLUMN body_sum INTEGER;
   ALTER TABLE message ADD COLUMN sum INTEGER;
   ALTER TABLE unit ADD COLUMN sum INTEGER;
   CREATE INDEX message_filed ON message (id, body_size) WHERE body IS NULL AND body_size > 0;`,
];
