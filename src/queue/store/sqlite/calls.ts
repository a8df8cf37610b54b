import { encodeRecipients } from "../../stored.ts";
import { holds, released, renewed, settled, shownState } from "../../transition.ts";
import { claimUnits } from "./claim.ts";
import type { Row } from "./database.ts";
import type { BodyAnswer, Call, CallName, Calls, MessageRow, NewRow, SettleAnswer, SettleRequest } from "./protocol.ts";
import { envelopeText, firstUnitKey, messageKeyOf, numberOf, textOf, unitState } from "./rows.ts";
import { insertMessage, type Shard, unitsOf, writeUnit } from "./shard.ts";

/** Does one call inside the transaction of its group. Throws before it changes anything, or because the database failed. */
export function runCall(shard: Shard, call: Call): unknown {
  const handler = HANDLERS[call.name] as (shard: Shard, request: Call) => unknown;
  return handler(shard, call);
}

type Handlers = { readonly [N in CallName]: (shard: Shard, request: Calls[N]["request"]) => Calls[N]["answer"] };

const HANDLERS: Handlers = {
  commit(shard, { message }) {
    refuseKnown(shard, [message]);
    insertMessage(shard, message);
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
  release,
  body(shard, { id }): BodyAnswer {
    const row = shard.sql.bodyById.get(id);
    if (row === undefined) return { kind: "absent" };
    const body = row["body"];
    const size = numberOf(row, "body_size");
    if (size === 0) return { kind: "inline", body: new Uint8Array(0) };
    return body instanceof Uint8Array ? { kind: "inline", body } : { kind: "file", size };
  },
  nextDue(shard) {
    const times = [0, 1].flatMap((state) => shard.sql.earliest.get(state)?.["due"] ?? []).map(Number);
    return times.length === 0 ? undefined : Math.min(...times);
  },
  list(shard, { now, limit, after }) {
    return shard.sql.messagesAfter.all(after, limit).map((row) => messageRow(shard, row, now));
  },
  show(shard, { id, now }) {
    const row = shard.sql.messageById.get(id);
    return row && messageRow(shard, row, now);
  },
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
  if (outcome.kind === "kept") {
    writeUnit(shard, request.unit, outcome.unit, encodeRecipients(outcome.unit.recipients));
    const { kind, due } = outcome.unit;
    if (kind === "ready") {
      shard.ready.note({ due: Math.round(due), key: request.unit, destination: textOf(row as Row, "destination") });
    }
    return { held: true };
  }
  return { held: true, ...finish(shard, request.unit) };
}

function release(shard: Shard, { id, at }: Calls["release"]["request"]): number {
  const message = shard.sql.messageById.get(id);
  if (message === undefined) return 0;
  // All rows are read, and judged sound, before the first is changed.
  const units = unitsOf(shard, message).flatMap((row) => {
    const next = released(unitState(row), Math.round(at));
    return next === undefined ? [] : [{ next, key: numberOf(row, "key"), destination: textOf(row, "destination") }];
  });
  for (const { next, key, destination } of units) {
    writeUnit(shard, key, next, encodeRecipients(next.recipients));
    shard.ready.note({ due: next.due, key, destination });
  }
  return units.length;
}

/** Removes the unit, and its message with the last one. */
function finish(shard: Shard, unit: number): { freed?: string } {
  shard.sql.deleteUnit.run(unit);
  const message = messageKeyOf(unit);
  if (shard.sql.anyUnitBetween.get(firstUnitKey(message), firstUnitKey(message + 1)) !== undefined) return {};
  const gone = shard.sql.deleteMessage.get(message);
  return gone?.["filed"] === 1 ? { freed: textOf(gone, "id") } : {};
}

function refuseKnown(shard: Shard, messages: readonly NewRow[]): void {
  const ids = new Set<string>();
  for (const { id } of messages) {
    if (ids.has(id) || shard.sql.messageKey.get(id) !== undefined) throw new Error(`Message ${id} is queued already`);
    ids.add(id);
  }
}

function messageRow(shard: Shard, row: Row, now: number): MessageRow {
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
        nextAt: state.due,
        recipients: state.recipients,
      };
    }),
  };
}
