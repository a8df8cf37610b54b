import type { Bytes } from "../../base/mod.ts";
import { publish } from "../../observe/mod.ts";
import { type Claim, type QueuedMessage, type QueueId, type Store, StoreError, type UnitId } from "../port.ts";
import { sumOf } from "../census.ts";
import { createWatchers } from "./_watch.ts";
import { joinedView, type QueueView } from "./joined_view.ts";

/** A store that takes mail, and others beside it from which mail is delivered, as one store. */
export interface JoinedStore extends Store {
  /** Numbers of the others. */
  readonly others: readonly number[];
  /** Takes another store in; from now on it is disposed with this one. */
  add(number: number, store: Store): void;
  /** Claims no more from it, waits until what was claimed is settled, and disposes it. */
  remove(number: number): Promise<void>;
}

/**
 * What is committed goes into `own`; all else is done to all of them. Units of another store carry its number in their id.
 * A store that fails holds no other up.
 */
export function joinedStore(own: Store): JoinedStore {
  const parts = new Map<string, Part>([["", partOf("", own)]]);
  const watchers = createWatchers();
  const watch = (part: Part): void => void (part.watch = part.store.watch(() => watchers.notify()));
  for (const part of parts.values()) watch(part);
  const all = (): readonly Part[] => [...parts.values()];
  const views = joinedView(() => all().map(viewOf));
  const holder = (claim: Claim): { part: Part; claim: Claim } => {
    const [tag, unit] = split(claim.unit);
    const part = parts.get(tag);
    if (part === undefined) throw new StoreError("closed", `The shard ${tag} is not open here`);
    return { part, claim: { ...claim, unit } };
  };
  const sum = async (counts: readonly Promise<number>[]): Promise<number> =>
    (await Promise.all(counts)).reduce((total, count) => total + count, 0);
  return {
    ...views,
    get others() {
      return [...parts.keys()].filter((tag) => tag !== "").map(Number);
    },
    add(number, store) {
      const part = partOf(String(number), store);
      parts.set(part.tag, part);
      watch(part);
      watchers.notify();
    },
    async remove(number) {
      const part = parts.get(String(number));
      if (part === undefined) return;
      part.closing = Promise.withResolvers();
      if (part.held.size > 0) await part.closing.promise;
      parts.delete(part.tag);
      part.watch?.[Symbol.dispose]();
      await part.store[Symbol.asyncDispose]();
    },
    ...(own.room === undefined ? {} : { room: (octets: number) => own.room?.(octets) }),
    stage: () => own.stage(),
    commit: (message, body) => own.commit(message, body),
    commitAll: (batch) => own.commitAll(batch),
    claim: async (request) => await claimFrom(all(), request),
    async renew(given, until) {
      const { part, claim } = holder(given);
      const renewed = await part.store.renew(claim, until);
      if (!renewed) forget(part, claim.unit);
      return renewed;
    },
    async settle(given, settlement) {
      const { part, claim } = holder(given);
      const settled = await part.store.settle(claim, settlement);
      forget(part, claim.unit);
      return settled;
    },
    openBody: (id, start) => contentIn(all(), id, start),
    operate: async (filter, operation, at) => await sum(all().map(({ store }) => store.operate(filter, operation, at))),
    async nextDue(except) {
      const open = all().filter(({ closing }) => closing === undefined);
      const times = await Promise.all(open.map(({ store }) => store.nextDue(except)));
      const known = times.filter((time) => time !== undefined);
      return known.length === 0 ? undefined : Math.min(...known);
    },
    census: async (at) => sumOf(await Promise.all(all().map(({ store }) => store.census(at)))),
    async forgetTallies(day) {
      await Promise.all(all().map(({ store }) => store.forgetTallies(day)));
    },
    watch: watchers.add,
    async [Symbol.asyncDispose]() {
      for (const { watch, store } of all().toReversed()) {
        watch?.[Symbol.dispose]();
        await store[Symbol.asyncDispose]();
      }
    },
  };
}

interface Part {
  readonly tag: string;
  readonly store: Store;
  /** Units claimed from it, and messages whose content is wanted for them. */
  readonly held: Map<UnitId, QueueId>;
  watch?: Disposable;
  /** Resolved when nothing is held any more. */
  closing?: PromiseWithResolvers<void>;
}

function partOf(tag: string, store: Store): Part {
  return { tag, store, held: new Map() };
}

function viewOf({ tag, store }: Part): QueueView {
  const shown = (message: QueuedMessage): QueuedMessage => ({
    ...message,
    units: message.units.map((unit) => tagged(tag, unit)),
  });
  return {
    list: async (query) => (await store.list(query)).map(shown),
    async show(id) {
      const found = await store.show(id);
      return found && shown(found);
    },
    count: () => store.count(),
    tallies: (day) => store.tallies(day),
  };
}

function forget(part: Part, unit: UnitId): void {
  part.held.delete(unit);
  if (part.held.size === 0) part.closing?.resolve();
}

/** Each in turn begins, so that none is served only when the others have nothing. */
async function claimFrom(parts: readonly Part[], request: Parameters<Store["claim"]>[0]): Promise<readonly Claim[]> {
  const claims: Claim[] = [];
  const faults: Error[] = [];
  const open = parts.filter(({ closing }) => closing === undefined);
  const first = open.length < 2 ? 0 : Math.floor(request.now / TURN) % open.length;
  for (const part of [...open.slice(first), ...open.slice(0, first)]) {
    const limit = request.limit - claims.length;
    if (limit <= 0) break;
    try {
      for (const claim of await part.store.claim({ ...request, limit })) {
        part.held.set(claim.unit, claim.message);
        claims.push(tagged(part.tag, claim));
      }
    } catch (error) {
      faults.push(error instanceof Error ? error : new Error(String(error)));
    }
  }
  const [fault] = faults;
  if (fault === undefined) return claims;
  if (claims.length === 0) throw fault;
  publish("hopseal:fault", { where: "queue", text: fault.message });
  return claims;
}

async function* contentIn(parts: readonly Part[], id: QueueId, start: number | undefined): AsyncIterable<Bytes> {
  const [only] = parts;
  let part = parts.length === 1 ? only : parts.find(({ held }) => held.values().some((message) => message === id));
  for (const one of parts) {
    if (part !== undefined) break;
    if ((await one.store.show(id)) !== undefined) part = one;
  }
  if (part === undefined) throw new StoreError("io", `Message ${id} is no longer in the queue`);
  yield* part.store.openBody(id, start);
}

function tagged<T extends { readonly unit: UnitId }>(tag: string, of: T): T {
  return tag === "" ? of : { ...of, unit: `${tag}${MARK}${of.unit}` as UnitId };
}

function split(unit: UnitId): readonly [string, UnitId] {
  const at = unit.indexOf(MARK);
  return at < 0 ? ["", unit] : [unit.slice(0, at), unit.slice(at + 1) as UnitId];
}

const MARK = "/";
/** For how long, in milliseconds, one of them is asked first. */
const TURN = 10;
