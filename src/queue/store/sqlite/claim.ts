import type { Instant } from "../../../base/mod.ts";
import { type DueEntry, isAfter } from "../../due.ts";
import { StoreError } from "../../port.ts";
import { claimed, isClaimable } from "../../transition.ts";
import type { Row } from "./database.ts";
import type { Calls, ClaimRow } from "./protocol.ts";
import { corrupt, envelopeText, messageKeyOf, numberOf, textOf, unitState } from "./rows.ts";
import type { Shard } from "./shard.ts";

type Request = Calls["claim"]["request"];

/** The request with its exceptions as a set. */
interface Choice extends Omit<Request, "except"> {
  readonly except: ReadonlySet<string>;
}

/** Leases due units, oldest first. A damaged row is put on hold and reported; it must not stand in the others' way. */
export function claimUnits(shard: Shard, request: Request): ClaimRow[] {
  const choice: Choice = { ...request, except: new Set(request.except) };
  const expired = expiredLeases(shard, choice);
  const claims: ClaimRow[] = [];
  while (claims.length < request.limit) {
    const entry = next(shard, choice, expired);
    if (entry === undefined) break;
    const claim = lease(shard, entry, choice);
    if (claim !== undefined) claims.push(claim);
  }
  return claims;
}

/** The older of the first expired lease and the first ready unit; takes it out. */
function next(shard: Shard, choice: Choice, expired: DueEntry[]): DueEntry | undefined {
  const lapsed = expired[0];
  const ready = shard.ready.take(choice.now, choice) ?? scan(shard, choice);
  if (lapsed === undefined || (ready !== undefined && isAfter(lapsed, ready))) return ready;
  if (ready !== undefined) shard.ready.note(ready);
  return expired.shift();
}

/** Walks on in the index of ready units until one may be taken. */
function scan(shard: Shard, choice: Choice): DueEntry | undefined {
  for (let window = FIRST_WINDOW; ; window = Math.min(window * 2, LARGEST_WINDOW)) {
    const more = passOn(shard, choice.now, window);
    const entry = shard.ready.take(choice.now, choice);
    if (entry !== undefined || !more) return entry;
  }
}

/** Reads the next ready units that fall due up to `until` into the memory; whether there may be more. */
function passOn(shard: Shard, until: Instant, window: number): boolean {
  const { due, key } = shard.ready.position;
  const rows = shard.sql.readyAfter.all(until, due, key, window);
  for (const row of rows) {
    const suspect = numberOf(row, "crashes") > 0;
    shard.ready.pass({ ...entryOf(row), suspect });
  }
  return rows.length === window;
}

function expiredLeases(shard: Shard, { now, limit, except, suspects }: Choice): DueEntry[] {
  if (suspects === "none") return [];
  const rows = shard.sql.expiredLeases.all(now, limit + EXPIRED_SLACK);
  return rows.map((row) => ({ ...entryOf(row), suspect: true })).filter((entry) => !except.has(entry.destination));
}

/** When the next unit to another destination than those falls due, or its lease ends. */
export function nextDueOf(shard: Shard, destinations: readonly string[]): Instant | undefined {
  if (destinations.length === 0) {
    const times = [0, 1].flatMap((state) => shard.sql.earliest.get(state)?.["due"] ?? []).map(Number);
    return times.length === 0 ? undefined : Math.min(...times);
  }
  const except = new Set(destinations);
  const lease = shard.sql.leases.all().find((row) => !except.has(textOf(row, "destination")));
  const leased = lease === undefined ? Infinity : numberOf(lease, "due");
  const ready = firstReady(shard, except)?.due ?? Infinity;
  const least = Math.min(leased, ready);
  return least === Infinity ? undefined : least;
}

/** The first ready unit that is not excepted; forgets on the way what the memory has wrong. */
function firstReady(shard: Shard, except: ReadonlySet<string>): DueEntry | undefined {
  for (let window = FIRST_WINDOW; ; window = Math.min(window * 2, LARGEST_WINDOW)) {
    for (let entry = shard.ready.first(except); entry !== undefined; entry = shard.ready.first(except)) {
      const row = shard.sql.unitByKey.get(entry.key);
      if (row?.["state"] === 0 && row["due"] === entry.due) return entry;
      shard.ready.drop(entry);
    }
    if (!passOn(shard, Number.MAX_SAFE_INTEGER, window) && shard.ready.first(except) === undefined) return undefined;
  }
}

function lease(shard: Shard, entry: DueEntry, request: Choice): ClaimRow | undefined {
  const row = shard.sql.unitByKey.get(entry.key);
  try {
    // What the cursor remembers may be stale.
    if (row === undefined || numberOf(row, "due") !== entry.due) return undefined;
    const before = unitState(row);
    if (!isClaimable(before, request.now)) return undefined;
    const suspect = claimed(before, request.leaseUntil).crashes > 0;
    if (request.suspects !== undefined && suspect !== (request.suspects === "only")) {
      if (suspect !== entry.suspect) shard.ready.note({ ...entry, suspect });
      return undefined;
    }
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

function entryOf(row: Row): Omit<DueEntry, "suspect"> {
  return { due: numberOf(row, "due"), key: numberOf(row, "key"), destination: textOf(row, "destination") };
}

/** Ready units looked at in one go; more while all of them are excepted. */
const FIRST_WINDOW = 64;
const LARGEST_WINDOW = 4096;
/** Expired leases of excepted destinations are passed over up to this number. */
const EXPIRED_SLACK = 1000;
