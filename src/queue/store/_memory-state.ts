import type { Bytes, Instant } from "../../base/mod.ts";
import { faultOf, newUnit } from "../entry.ts";
import { senderKey, unitTest } from "../filter.ts";
import type {
  Census,
  Claim,
  ClaimRequest,
  NewMessage,
  Operation,
  QueuedMessage,
  QueueId,
  Settlement,
  Store,
  UnitFilter,
  UnitId,
} from "../port.ts";
import { changed, claimed, holds, isClaimable, operated, settled, shownState, type UnitState } from "../transition.ts";
import type { Tally } from "./_tally.ts";

/** What the store keeps. */
export interface State {
  readonly messages: Map<QueueId, KeptMessage>;
  readonly tally: Tally;
  closed: boolean;
  /** Units made so far; keys are never used twice. */
  units: number;
}

interface KeptMessage {
  readonly message: NewMessage;
  readonly body: Bytes;
  readonly units: Map<UnitId, KeptUnit>;
}

interface KeptUnit {
  readonly id: UnitId;
  readonly serial: number;
  readonly destination: KeptDestination;
  state: UnitState;
}

type KeptDestination = NewMessage["units"][number]["destination"];

function refuseBad(state: State, message: NewMessage): void {
  const fault =
    faultOf(message) ?? (state.messages.has(message.id) ? `message ${message.id} is queued already` : undefined);
  if (fault !== undefined) throw new Error(`Cannot queue: ${fault}`);
}

/** Takes all of them, or throws and takes none. */
export function insertAll(
  state: State,
  batch: readonly { readonly message: NewMessage; readonly body: Bytes }[],
): void {
  for (const { message } of batch) refuseBad(state, message);
  if (new Set(batch.map(({ message }) => message.id)).size < batch.length) throw new Error("A message is named twice");
  for (const { message, body } of batch) insert(state, message, body);
}

function insert(state: State, message: NewMessage, body: Bytes): void {
  const units = message.units.map(({ destination, recipients }): [UnitId, KeptUnit] => {
    const serial = ++state.units;
    const id = String(serial) as UnitId;
    return [id, { id, serial, destination, state: newUnit(message, recipients) }];
  });
  state.messages.set(message.id, { message, body, units: new Map(units) });
}

/** Oldest due first. */
export function dueUnits(state: State, { now, except = [], suspects }: ClaimRequest): [KeptMessage, KeptUnit][] {
  const due: [KeptMessage, KeptUnit][] = [];
  for (const message of state.messages.values()) {
    for (const unit of message.units.values()) {
      if (!isClaimable(unit.state, now) || except.includes(unit.destination)) continue;
      const suspect = claimed(unit.state, now).crashes > 0;
      if (suspects === undefined || suspect === (suspects === "only")) due.push([message, unit]);
    }
  }
  return due.sort(([, a], [, b]) => a.state.due - b.state.due || a.serial - b.serial);
}

export function lease({ message, body }: KeptMessage, unit: KeptUnit, until: Instant): Claim {
  unit.state = claimed(unit.state, until);
  const { token, attempt, crashes, recipients } = unit.state;
  return {
    unit: unit.id,
    message: message.id,
    destination: unit.destination,
    token,
    leaseUntil: until,
    attempt,
    crashes,
    envelope: message.envelope,
    acceptedAt: message.acceptedAt,
    bodySize: body.length,
    recipients,
  };
}

export function settleUnit(state: State, claim: Claim, settlement: Settlement): boolean {
  const unit = unitOf(state, claim);
  if (unit === undefined || !holds(unit.state, claim.token)) return false;
  const outcome = settled(unit.state, claim.token, settlement);
  insertAll(
    state,
    (settlement.enqueue ?? []).map(({ message, body }) => ({ message, body: new Uint8Array(body) })),
  );
  for (const entry of settlement.tally ?? []) state.tally.add(entry);
  if (outcome.kind === "kept") unit.state = outcome.unit;
  if (outcome.kind === "finished") remove(state, claim.message, claim.unit);
  return outcome.kind !== "lost";
}

export function unitOf(state: State, claim: Claim): KeptUnit | undefined {
  return state.messages.get(claim.message)?.units.get(claim.unit);
}

function remove(state: State, message: QueueId, unit: UnitId): void {
  const units = state.messages.get(message)?.units;
  units?.delete(unit);
  if (units?.size === 0) state.messages.delete(message);
}

function meant({ message, units }: KeptMessage, filter: UnitFilter, now: Instant): KeptUnit[] {
  const test = unitTest(filter, now);
  const sender = senderKey(message.envelope.reversePath);
  return [...units.values()].filter(({ destination, state: { kind, due } }) =>
    test({ message: message.id, destination, kind, due, sender }),
  );
}

export function operateUnits(state: State, filter: UnitFilter, operation: Operation, at: Instant): number {
  let count = 0;
  for (const message of state.messages.values()) {
    for (const unit of meant(message, filter, at)) {
      const change = operated(unit.state, operation, at);
      if (change === undefined) continue;
      count++;
      if (change === "gone") remove(state, message.message.id, unit.id);
      else unit.state = changed(unit.state, change);
    }
  }
  return count;
}

export function shown({ message, body, units }: KeptMessage, now: Instant): QueuedMessage {
  return {
    id: message.id,
    envelope: message.envelope,
    acceptedAt: message.acceptedAt,
    bodySize: body.length,
    units: [...units.values()].map(({ id, destination, state }) => ({
      unit: id,
      destination,
      state: shownState(state, now),
      attempt: state.attempt,
      crashes: state.crashes,
      ...(state.heldBy === undefined ? {} : { heldBy: state.heldBy }),
      nextAt: state.due,
      recipients: state.recipients,
    })),
  };
}

export function censusOf({ messages }: State, at: Instant): Census {
  const units = { due: 0, waiting: 0, leased: 0, held: 0 };
  const due: Instant[] = [];
  for (const { state } of [...messages.values()].flatMap((message) => [...message.units.values()])) {
    const kind = shownState(state, at);
    units[kind]++;
    if (kind === "due") due.push(state.due);
  }
  return { messages: messages.size, units, ...(due.length === 0 ? {} : { oldestDue: Math.min(...due) }) };
}

/** The messages of a page, with the units that the query's filter asks for. */
export function listed(state: State, query: NonNullable<Parameters<Store["list"]>[0]>, now: Instant): QueuedMessage[] {
  const { after, filter, limit = DEFAULT_PAGE } = query;
  return [...state.messages.values()]
    .filter(({ message }) => after === undefined || message.id > after)
    .filter((kept) => filter === undefined || meant(kept, filter, now).length > 0)
    .sort((a, b) => (a.message.id < b.message.id ? -1 : 1))
    .slice(0, limit)
    .map((kept) => shown(kept, now));
}

const DEFAULT_PAGE = 100;
