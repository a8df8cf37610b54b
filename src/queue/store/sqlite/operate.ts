import { unitTest } from "../../filter.ts";
import type { UnitFilter } from "../../port.ts";
import { operated } from "../../transition.ts";
import type { Row } from "./database.ts";
import type { Calls, MessageRow, OperateAnswer, OperateRequest } from "./protocol.ts";
import { firstUnitKey, messageKeyOf, numberOf, stateNumber, stateOf, textOf } from "./rows.ts";
import { finish, messageRow, type Shard } from "./shard.ts";

/** Does an operator's word to a bounded number of units. Rows need not be sound for it: a damaged one can be dropped. */
export function operate(shard: Shard, request: OperateRequest): OperateAnswer {
  const { filter, operation, at } = request;
  const range = rangeOf(shard, request);
  if (range === undefined) return { count: 0, freed: [] };
  const rows = shard.sql.unitsFrom.all(range.from, range.until, STEP);
  const freed: string[] = [];
  let count = 0;
  for (const row of meantOf(rows, filter, at)) {
    const key = numberOf(row, "key");
    const before = { ...stateOf(row), due: numberOf(row, "due"), crashes: numberOf(row, "crashes") };
    const change = operated(before, operation, Math.round(at));
    if (change === undefined) continue;
    count++;
    if (change === "gone") {
      const gone = finish(shard, key).freed;
      if (gone !== undefined) freed.push(gone);
      continue;
    }
    const { kind, due, crashes } = change;
    shard.sql.changeUnit.run(stateNumber(change), due, crashes, key);
    const destination = textOf(row, "destination");
    if (kind === "ready") shard.ready.note({ due, key, destination, suspect: crashes > 0 });
  }
  const last = rows.at(-1);
  if (rows.length < STEP || last === undefined) return { count, freed };
  return { count, freed, next: { from: numberOf(last, "key") + 1, until: range.until } };
}

/** Looks through a bounded number of messages for those of which the filter means a unit. */
export function search(shard: Shard, request: Calls["search"]["request"]): Calls["search"]["answer"] {
  const { filter, now, after, limit } = request;
  if (filter.message !== undefined) {
    const row = filter.message > after ? shard.sql.messageById.get(filter.message) : undefined;
    return { rows: row !== undefined && isMeant(shard, row, filter, now) ? [messageRow(shard, row, now)] : [] };
  }
  const found: MessageRow[] = [];
  const ids = shard.sql.messageIdsAfter.all(after, STEP);
  for (const row of ids) {
    if (!isMeant(shard, row, filter, now)) continue;
    const message = shard.sql.messageByKey.get(numberOf(row, "key"));
    if (message !== undefined) found.push(messageRow(shard, message, now));
    if (found.length >= limit) return { rows: found };
  }
  const last = ids.at(-1);
  return ids.length < STEP || last === undefined ? { rows: found } : { rows: found, next: textOf(last, "id") };
}

function isMeant(shard: Shard, message: Row, filter: UnitFilter, now: number): boolean {
  const key = numberOf(message, "key");
  const units = shard.sql.unitsFrom.all(firstUnitKey(key), firstUnitKey(key + 1), ALL);
  return meantOf(units, filter, now).length > 0;
}

/** The rows lie in the range of the filter's message already, if it names one. */
function meantOf(rows: readonly Row[], filter: UnitFilter, now: number): Row[] {
  const test = unitTest(filter, now);
  return rows.filter((row) => {
    const sender = row["sender"];
    return test({
      message: filter.message ?? "",
      destination: textOf(row, "destination"),
      ...stateOf(row),
      due: numberOf(row, "due"),
      ...(typeof sender === "string" ? { sender } : {}),
    });
  });
}

function rangeOf(shard: Shard, { filter, from, until }: OperateRequest): { from: number; until: number } | undefined {
  if (until !== undefined) return { from, until };
  if (filter.message !== undefined) {
    const row = shard.sql.messageKey.get(filter.message);
    if (row === undefined) return undefined;
    const key = numberOf(row, "key");
    return { from: firstUnitKey(key), until: firstUnitKey(key + 1) };
  }
  const last = shard.sql.lastUnit.get()?.["key"];
  return typeof last === "number" ? { from, until: firstUnitKey(messageKeyOf(last) + 1) } : undefined;
}

/** Units or messages looked at in one step, so that no step holds other calls up for long. */
const STEP = 1000;
/** More than a message can have. */
const ALL = 100_000;
