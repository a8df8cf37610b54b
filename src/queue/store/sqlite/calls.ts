import { encodeRecipients } from "../../stored.ts";
import { type QueueId, StoreError, type TallyEntry } from "../../port.ts";
import { holds, renewed, settled } from "../../transition.ts";
import { census } from "./census.ts";
import { claimUnits, nextDueOf } from "./claim.ts";
import type { Row } from "./database.ts";
import { operate, search } from "./operate.ts";
import type { BodyAnswer, Call, CallName, Calls, NewRow, SettleAnswer, SettleRequest } from "./protocol.ts";
import { numberOf, textOf, unitState } from "./rows.ts";
import { finish, insertMessage, messageRow, type Shard, writeUnit } from "./shard.ts";
import { contentSum } from "./sums.ts";

/** Does one call inside the transaction of its group. Throws before it changes anything, or because the database failed. */
export function runCall(shard: Shard, call: Call): unknown {
  const handler = HANDLERS[call.name] as (shard: Shard, request: Call) => unknown;
  return handler(shard, call);
}

type Handlers = { readonly [N in CallName]: (shard: Shard, request: Calls[N]["request"]) => Calls[N]["answer"] };

const HANDLERS: Handlers = {
  commit(shard, { messages }) {
    refuseKnown(shard, messages);
    for (const message of messages) insertMessage(shard, message);
    return undefined;
  },
  claim: claimUnits,
  renew(shard, { unit, token, until }) {
    const row = shard.sql.unitByKey.get(unit);
    const next = row && renewed(unitState(row), token, until);
    if (next !== undefined) shard.sql.moveDue.run(Math.round(next.due), unit);
    return next !== undefined;
  },
  settle,
  operate,
  search,
  body(shard, { id }): BodyAnswer {
    const row = shard.sql.bodyById.get(id);
    if (row === undefined) return { kind: "absent" };
    const { body, body_sum: sum } = row;
    const size = numberOf(row, "body_size");
    if (size === 0) return { kind: "inline", body: new Uint8Array(0) };
    if (!(body instanceof Uint8Array)) return { kind: "file", size, ...(typeof sum === "number" ? { sum } : {}) };
    if (body.length !== size || (sum !== null && contentSum(body) !== sum)) {
      throw new StoreError("corrupt", `The content of message ${id} is damaged`, { id: id as QueueId });
    }
    return { kind: "inline", body };
  },
  nextDue: (shard, { except }) => nextDueOf(shard, except),
  tallies(shard, { day }) {
    const rows = day === undefined ? shard.sql.tallies.all() : shard.sql.talliesOf.all(day);
    return rows.map((row) => ({ day: textOf(row, "day"), key: textOf(row, "key"), count: numberOf(row, "count") }));
  },
  forgetTallies(shard, { day }) {
    shard.sql.forgetTallies.run(day);
    return undefined;
  },
  list(shard, { now, limit, after }) {
    return shard.sql.messagesAfter.all(after, limit).map((row) => messageRow(shard, row, now));
  },
  show(shard, { id, now }) {
    const row = shard.sql.messageById.get(id);
    return row && messageRow(shard, row, now);
  },
  census,
  count(shard) {
    const number = (row: Row | undefined): number => Number(row?.["number"]);
    return { messages: number(shard.sql.countMessages.get()), units: number(shard.sql.countUnits.get()) };
  },
};

function settle(shard: Shard, request: SettleRequest): SettleAnswer {
  const row = shard.sql.unitByKey.get(request.unit);
  const unit = row && unitState(row);
  if (unit === undefined || !holds(unit, request.token)) return { held: false };
  const outcome = settled(unit, request.token, request);
  refuseKnown(shard, request.enqueue);
  for (const message of request.enqueue) insertMessage(shard, message);
  tallyUp(shard, request.tally);
  if (outcome.kind === "kept") {
    writeUnit(shard, row as Row, outcome.unit, encodeRecipients(outcome.unit.recipients));
    const { kind, due, crashes } = outcome.unit;
    const destination = textOf(row as Row, "destination");
    if (kind === "ready") {
      shard.ready.note({ due: Math.round(due), key: request.unit, destination, suspect: crashes > 0 });
    }
    return { held: true };
  }
  return { held: true, ...finish(shard, request.unit) };
}

function tallyUp(shard: Shard, tally: readonly TallyEntry[]): void {
  for (const { day, key } of tally) shard.sql.tallyUp.run(day, key);
}

function refuseKnown(shard: Shard, messages: readonly NewRow[]): void {
  const ids = new Set<string>();
  for (const { id } of messages) {
    if (ids.has(id) || shard.sql.messageKey.get(id) !== undefined) throw new Error(`Message ${id} is queued already`);
    ids.add(id);
  }
}
