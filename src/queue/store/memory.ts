import type { Bytes, Clock, Instant } from "../../base/mod.ts";
import { faultOf, newUnit } from "../entry.ts";
import { senderKey, unitTest } from "../filter.ts";
import type {
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
import { StoreError } from "../port.ts";
import {
  changed,
  claimed,
  holds,
  isClaimable,
  operated,
  released,
  renewed,
  settled,
  shownState,
  type UnitState,
} from "../transition.ts";
import { createTally, type Tally } from "./_tally.ts";
import { createWatchers } from "./_watch.ts";
import { createMemorySink, takeBody } from "./_memory-body.ts";

/** Keeps mail in memory: for tests and the lab, never for mail that matters. */
export function memoryStore(options: { readonly clock: Pick<Clock, "now"> }): Store {
  const state: State = { messages: new Map(), tally: createTally(), closed: false, units: 0 };
  const watchers = createWatchers();
  const open = <T>(work: () => T): Promise<T> =>
    state.closed ? Promise.reject(closed()) : new Promise((resolve) => resolve(work()));
  return {
    stage: createMemorySink,
    commit(message, body) {
      return open(() => {
        insert(state, message, takeBody(body));
        watchers.notify();
      });
    },
    claim: (request) =>
      open(() => {
        return dueUnits(state, request)
          .slice(0, request.limit)
          .map(([message, unit]) => lease(message, unit, request.now + request.lease));
      }),
    renew: (claim, until) =>
      open(() => {
        const unit = unitOf(state, claim);
        const next = unit && renewed(unit.state, claim.token, until);
        if (unit !== undefined && next !== undefined) unit.state = next;
        return next !== undefined;
      }),
    settle: (claim, settlement) =>
      open(() => {
        const done = settleUnit(state, claim, settlement);
        if (done) watchers.notify();
        return done;
      }),
    release: (id, at) =>
      open(() => {
        const count = releaseUnits(state.messages.get(id), at);
        if (count > 0) watchers.notify();
        return count;
      }),
    operate: (filter, operation, at) =>
      open(() => {
        const count = operateUnits(state, filter, operation, at);
        if (count > 0) watchers.notify();
        return count;
      }),
    async *openBody(id, start = 0) {
      const message = await open(() => state.messages.get(id));
      if (message === undefined) throw new StoreError("io", `Message ${id} is no longer in the queue`);
      if (message.body.length > start) yield message.body.slice(start);
    },
    nextDue: (except = []) =>
      open(() => {
        const units = state.messages.values().flatMap((message) => message.units.values());
        return units
          .filter((unit) => unit.state.kind !== "held" && !except.includes(unit.destination))
          .reduce<Instant | undefined>((least, unit) => Math.min(least ?? Infinity, unit.state.due), undefined);
      }),
    list: (query = {}) =>
      open(() =>
        [...state.messages.values()]
          .filter(({ message }) => query.after === undefined || message.id > query.after)
          .filter((kept) => query.filter === undefined || meant(kept, query.filter, options.clock.now()).length > 0)
          .sort((a, b) => (a.message.id < b.message.id ? -1 : 1))
          .slice(0, query.limit ?? DEFAULT_PAGE)
          .map((kept) => shown(kept, options.clock.now())),
      ),
    tallies: (day) => open(() => state.tally.all(day)),
    forgetTallies: (day) => open(() => state.tally.forget(day)),
    show: (id) =>
      open(() => {
        const kept = state.messages.get(id);
        return kept && shown(kept, options.clock.now());
      }),
    count: () =>
      open(() => ({
        messages: state.messages.size,
        units: state.messages.values().reduce((sum, message) => sum + message.units.size, 0),
      })),
    watch: watchers.add,
    [Symbol.asyncDispose]() {
      state.closed = true;
      return Promise.resolve();
    },
  };
}

interface State {
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

function insert(state: State, message: NewMessage, body: Bytes): void {
  refuseBad(state, message);
  const units = message.units.map(({ destination, recipients }): [UnitId, KeptUnit] => {
    const serial = ++state.units;
    const id = String(serial) as UnitId;
    return [id, { id, serial, destination, state: newUnit(message, recipients) }];
  });
  state.messages.set(message.id, { message, body, units: new Map(units) });
}

/** Oldest due first. */
function dueUnits(state: State, { now, except = [], suspects }: ClaimRequest): [KeptMessage, KeptUnit][] {
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

function lease({ message, body }: KeptMessage, unit: KeptUnit, until: Instant): Claim {
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

function settleUnit(state: State, claim: Claim, settlement: Settlement): boolean {
  const unit = unitOf(state, claim);
  if (unit === undefined || !holds(unit.state, claim.token)) return false;
  const outcome = settled(unit.state, claim.token, settlement);
  const enqueue = settlement.enqueue ?? [];
  for (const { message } of enqueue) refuseBad(state, message);
  if (new Set(enqueue.map(({ message }) => message.id)).size < enqueue.length)
    throw new Error("A notice is named twice");
  for (const { message, body } of enqueue) insert(state, message, new Uint8Array(body));
  for (const entry of settlement.tally ?? []) state.tally.add(entry);
  if (outcome.kind === "kept") unit.state = outcome.unit;
  if (outcome.kind === "finished") remove(state, claim.message, claim.unit);
  return outcome.kind !== "lost";
}

function releaseUnits(message: KeptMessage | undefined, at: Instant): number {
  let count = 0;
  for (const unit of message?.units.values() ?? []) {
    const next = released(unit.state, at);
    if (next === undefined) continue;
    unit.state = next;
    count++;
  }
  return count;
}

function unitOf(state: State, claim: Claim): KeptUnit | undefined {
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

function operateUnits(state: State, filter: UnitFilter, operation: Operation, at: Instant): number {
  let count = 0;
  for (const message of [...state.messages.values()]) {
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

function shown({ message, body, units }: KeptMessage, now: Instant): QueuedMessage {
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

function closed(): StoreError {
  return new StoreError("closed", "The queue is closed");
}

const DEFAULT_PAGE = 100;
