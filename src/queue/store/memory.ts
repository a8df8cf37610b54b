import type { Clock, Instant } from "../../base/mod.ts";
import { type Pledge, type Store, StoreError } from "../port.ts";
import { renewed } from "../transition.ts";
import {
  censusOf,
  dueUnits,
  insertAll,
  lease,
  listed,
  operateUnits,
  settleUnit,
  shown,
  type State,
  unitOf,
} from "./_memory-state.ts";
import { createTally } from "./_tally.ts";
import { createWatchers } from "./_watch.ts";
import { createMemorySink, takeBody } from "./_memory-body.ts";

/** Keeps mail in memory: for tests and the lab, never for mail that matters. */
export function memoryStore(options: { readonly clock: Pick<Clock, "now"> }): Store {
  const state: State = { messages: new Map(), tally: createTally(), closed: false, units: 0 };
  const watchers = createWatchers();
  const open = <T>(work: () => T): Promise<T> =>
    state.closed ? Promise.reject(closed()) : new Promise((resolve) => resolve(work()));
  const commitAll = (batch: readonly Pledge[]): Promise<void> =>
    open(() => {
      insertAll(
        state,
        batch.map(({ message, body }) => ({ message, body: takeBody(body) })),
      );
      watchers.notify();
    });
  return {
    stage: createMemorySink,
    commit: (message, body) => commitAll([{ message, body }]),
    commitAll,
    claim: (request) =>
      open(() => {
        const due = dueUnits(state, request).slice(0, request.limit);
        return due.map(([message, unit]) => lease(message, unit, request.now + request.lease));
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
    list: (query = {}) => open(() => listed(state, query, options.clock.now())),
    tallies: (day) => open(() => state.tally.all(day)),
    forgetTallies: (day) => open(() => state.tally.forget(day)),
    show: (id) =>
      open(() => {
        const kept = state.messages.get(id);
        return kept && shown(kept, options.clock.now());
      }),
    census: (at) => open(() => censusOf(state, at)),
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

function closed(): StoreError {
  return new StoreError("closed", "The queue is closed");
}
