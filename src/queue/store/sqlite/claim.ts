import { type DueEntry, isAfter } from "../../due.ts";
import { StoreError } from "../../port.ts";
import { claimed, isClaimable } from "../../transition.ts";
import type { Row } from "./database.ts";
import type { Calls, ClaimRow } from "./protocol.ts";
import { corrupt, envelopeText, messageKeyOf, numberOf, textOf, unitState } from "./rows.ts";
import type { Shard } from "./shard.ts";

type Request = Calls["claim"]["request"];

/** Leases due units, oldest first. A damaged row is put on hold and reported; it must not stand in the others' way. */
export function claimUnits(shard: Shard, request: Request): ClaimRow[] {
  const except = new Set(request.except);
  const expired = expiredLeases(shard, request, except);
  const claims: ClaimRow[] = [];
  while (claims.length < request.limit) {
    const entry = next(shard, request, expired, except);
    if (entry === undefined) break;
    const claim = lease(shard, entry, request);
    if (claim !== undefined) claims.push(claim);
  }
  return claims;
}

/** The older of the first expired lease and the first ready unit; takes it out. */
function next(shard: Shard, request: Request, expired: DueEntry[], except: ReadonlySet<string>): DueEntry | undefined {
  const lapsed = expired[0];
  const ready = shard.ready.take(request.now, except) ?? scan(shard, request, except);
  if (lapsed === undefined || (ready !== undefined && isAfter(lapsed, ready))) return ready;
  if (ready !== undefined) shard.ready.note(ready);
  return expired.shift();
}

/** Walks on in the index of ready units until one may be taken. */
function scan(shard: Shard, request: Request, except: ReadonlySet<string>): DueEntry | undefined {
  for (let window = FIRST_WINDOW; ; window = Math.min(window * 2, LARGEST_WINDOW)) {
    const { due, key } = shard.ready.position;
    const rows = shard.sql.readyAfter.all(request.now, due, key, window);
    for (const row of rows) shard.ready.pass(entryOf(row));
    const entry = shard.ready.take(request.now, except);
    if (entry !== undefined || rows.length < window) return entry;
  }
}

function expiredLeases(shard: Shard, request: Request, except: ReadonlySet<string>): DueEntry[] {
  const rows = shard.sql.expiredLeases.all(request.now, request.limit + EXPIRED_SLACK);
  return rows.map(entryOf).filter((entry) => !except.has(entry.destination));
}

function lease(shard: Shard, entry: DueEntry, request: Request): ClaimRow | undefined {
  const row = shard.sql.unitByKey.get(entry.key);
  try {
    // What the cursor remembers may be stale.
    if (row === undefined || numberOf(row, "due") !== entry.due) return undefined;
    const before = unitState(row);
    if (!isClaimable(before, request.now)) return undefined;
    const message = shard.sql.messageByKey.get(messageKeyOf(entry.key));
    if (message === undefined) throw corrupt(`unit ${entry.key}`, "its message is missing");
    const after = claimed(before, request.leaseUntil);
    const claim = claimRow(row, message, after);
    shard.sql.leaseUnit.run(Math.round(after.due), after.token, after.attempt, after.crashes, entry.key);
    return claim;
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== "corrupt" || row === undefined) throw error;
    shard.sql.holdUnit.run(entry.key);
    shard.faults.push(`${error.message}; the unit is on hold`);
    return undefined;
  }
}

function claimRow(row: Row, message: Row, unit: ReturnType<typeof claimed>): ClaimRow {
  return {
    unit: numberOf(row, "key"),
    message: textOf(message, "id"),
    destination: textOf(row, "destination"),
    token: unit.token,
    leaseUntil: unit.due,
    attempt: unit.attempt,
    crashes: unit.crashes,
    envelope: envelopeText(message),
    acceptedAt: numberOf(message, "accepted_at"),
    bodySize: numberOf(message, "body_size"),
    recipients: unit.recipients,
  };
}

function entryOf(row: Row): DueEntry {
  return { due: numberOf(row, "due"), key: numberOf(row, "key"), destination: textOf(row, "destination") };
}

/** Ready units looked at in one go; more while all of them are excepted. */
const FIRST_WINDOW = 64;
const LARGEST_WINDOW = 4096;
/** Expired leases of excepted destinations are passed over up to this number. */
const EXPIRED_SLACK = 1000;
