import { type Bytes, type Clock, unreachable } from "../../../base/mod.ts";
import { faultOf } from "../../entry.ts";
import {
  type Claim,
  type NewMessage,
  type Pledge,
  type QueuedMessage,
  type QueueId,
  type Settlement,
  type Store,
  StoreError,
} from "../../port.ts";
import { senderKey } from "../../filter.ts";
import { encodeEnvelope } from "../../stored.ts";
import { createWatchers } from "../_watch.ts";
import type { BodyFolder } from "./bodies.ts";
import { createGate } from "./gate.ts";
import { neverBegun } from "./line.ts";
import type { Calls, ClaimRow, MessageRow, NewRow, OperateAnswer, OperateRequest } from "./protocol.ts";
import { type RecentBodies, recentBodies } from "./recent.ts";
import { trustedEnvelope } from "./rows.ts";
import type { Room } from "./room.ts";
import { createSink, discard, publish, stageWhole, type StagedBody, takeStaged } from "./sink.ts";
import type { Thread } from "./thread.ts";

export interface Parts {
  readonly thread: Thread;
  readonly bodies: BodyFolder;
  readonly smallBody: number;
  readonly clock: Pick<Clock, "now">;
  /** Bounds what new mail may fill. */
  readonly room?: Room;
  /** From a message's commit to its first settlement, for the delivery that follows at once. */
  readonly recent: RecentBodies;
}

/** The port over an open shard. */
export function createSqliteStore(given: Omit<Parts, "recent">): Store {
  const recent = recentBodies();
  const parts: Parts = { ...given, recent };
  const { thread, bodies, smallBody, clock } = parts;
  const watchers = createWatchers();
  const gate = createGate();
  const commitAll = (batch: readonly Pledge[]): Promise<void> =>
    gate.pass(async () => {
      await insert(parts, batch);
      watchers.notify();
    });
  const { room } = parts;
  return {
    ...(room === undefined ? {} : { room: (octets) => room.admits(octets) }),
    stage: () => createSink(bodies, smallBody),
    commit: (message, body) => commitAll([{ message, body }]),
    commitAll,
    claim: ({ now, lease, limit, except = [], suspects }) =>
      gate.pass(async () => {
        const only = suspects === undefined ? {} : { suspects };
        const rows = await thread.call("claim", { now, leaseUntil: Math.round(now + lease), limit, except, ...only });
        return rows.map(claimOf);
      }),
    renew: (claim, until) =>
      gate.pass(() => thread.call("renew", { unit: Number(claim.unit), token: claim.token, until })),
    settle: (claim, settlement) =>
      gate.pass(async () => {
        const held = await settle(parts, claim, settlement);
        if (held) watchers.notify();
        return held;
      }),
    operate: (filter, operation, at) =>
      gate.pass(async () => {
        const count = await operate(parts, { filter, operation, at, from: 0 });
        if (operation === "drop") recent.clear();
        if (count > 0) watchers.notify();
        return count;
      }),
    openBody: (id, start = 0) => readContent(parts, id, start),
    nextDue: (except = []) => gate.pass(() => thread.call("nextDue", { except })),
    list: ({ limit = DEFAULT_PAGE, after = "", filter } = {}) =>
      gate.pass(async () => {
        const query = { now: clock.now(), limit, after };
        const rows =
          filter === undefined ? await thread.call("list", query) : await search(thread, { ...query, filter });
        return rows.map(messageOf);
      }),
    tallies: (day) => gate.pass(() => thread.call("tallies", day === undefined ? {} : { day })),
    forgetTallies: (day) => gate.pass(() => thread.call("forgetTallies", { day })),
    show: (id) =>
      gate.pass(async () => {
        const row = await thread.call("show", { now: clock.now(), id });
        return row && messageOf(row);
      }),
    census: (at) => gate.pass(() => thread.call("census", { at })),
    count: () => gate.pass(() => thread.call("count", {})),
    watch: watchers.add,
    async [Symbol.asyncDispose]() {
      await gate.close();
      await thread.close();
    },
  };
}

async function insert({ thread, recent, room }: Parts, batch: readonly Pledge[]): Promise<void> {
  const bodies = batch.map(({ body }) => takeStaged(body));
  // What lies in files has taken its space already.
  const size = bodies.reduce((sum, body) => sum + (body.kind === "inline" ? body.body.length : 0), 0);
  await orDiscard(bodies, () => requireRoom(room, size));
  const messages: NewRow[] = [];
  await orDiscard(bodies, async () => {
    for (const [at, { message }] of batch.entries()) messages.push(await rowOf(message, bodies[at] as StagedBody));
  });
  // The content is copied to the thread, not moved: it is wanted here too.
  await orDiscardUnlessWritten(bodies, () => thread.call("commit", { messages }));
  for (const { id, body } of messages) if (body !== undefined) recent.put(id, body);
}

async function settle(
  { thread, bodies, smallBody, recent }: Parts,
  claim: Claim,
  settlement: Settlement,
): Promise<boolean> {
  const notices: StagedBody[] = [];
  const enqueue: NewRow[] = [];
  await orDiscard(notices, async () => {
    for (const { message, body } of settlement.enqueue ?? []) {
      const staged = await stageWhole(bodies, smallBody, body);
      notices.push(staged);
      enqueue.push(await rowOf(message, staged));
    }
  });
  const { at, recipients, retryAt, hold, untouched, tally = [] } = settlement;
  const request = {
    unit: Number(claim.unit),
    token: claim.token,
    at,
    recipients,
    tally,
    enqueue,
    ...(untouched === undefined ? {} : { untouched }),
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(hold === undefined ? {} : { hold }),
  };
  const answer = await orDiscardUnlessWritten(notices, () => thread.call("settle", request, buffersOf(enqueue)));
  recent.forget(claim.message);
  if (answer.freed !== undefined) await bodies.remove(answer.freed);
  if (!answer.held) await discardAll(notices);
  return answer.held;
}

async function requireRoom(room: Room | undefined, octets: number): Promise<void> {
  if (room === undefined) return;
  const limit = await room.admits(octets);
  if (limit !== undefined) throw new StoreError("no-space", `There is no room for ${octets} octets more`, { limit });
  // It lies in the log and then in the database, in whole pages.
  room.take(2 * octets + PAGE);
}

/** Step by step over the units that are there at the beginning. */
async function operate({ thread, bodies }: Parts, first: OperateRequest): Promise<number> {
  let count = 0;
  let request: OperateRequest | undefined = first;
  while (request !== undefined) {
    const answer: OperateAnswer = await thread.call("operate", request);
    for (const id of answer.freed) await bodies.remove(id);
    count += answer.count;
    request = answer.next && { ...first, ...answer.next };
  }
  return count;
}

async function search(thread: Thread, first: Calls["search"]["request"]): Promise<readonly MessageRow[]> {
  const found: MessageRow[] = [];
  let after: string | undefined = first.after;
  while (after !== undefined) {
    const answer: Calls["search"]["answer"] = await thread.call("search", {
      ...first,
      after,
      limit: first.limit - found.length,
    });
    found.push(...answer.rows);
    after = found.length < first.limit ? answer.next : undefined;
  }
  return found;
}

async function orDiscard<T>(bodies: readonly StagedBody[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await discardAll(bodies);
    throw error;
  }
}

/**
 * Keeps the files when a transaction failed in input or output: its rows may come back when the process dies at once and
 * the log is read again, and must find their files then. What no row names is removed at the next opening.
 */
async function orDiscardUnlessWritten<T>(bodies: readonly StagedBody[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreError && error.kind === "io") || neverBegun(error)) await discardAll(bodies);
    throw error;
  }
}

async function discardAll(bodies: readonly StagedBody[]): Promise<void> {
  for (const body of bodies) await discard(body);
}

async function* readContent({ thread, bodies, recent }: Parts, id: QueueId, start: number): AsyncIterable<Bytes> {
  const kept = recent.get(id);
  if (kept !== undefined) {
    if (kept.length > start) yield kept.subarray(start);
    return;
  }
  const answer = await thread.call("body", { id });
  switch (answer.kind) {
    case "absent":
      throw new StoreError("io", `Message ${id} is no longer in the queue`);
    case "inline":
      if (answer.body.length > start) yield answer.body.subarray(start);
      return;
    case "file":
      yield* bodies.read(id, { ...answer, start });
      return;
    default:
      unreachable(answer);
  }
}

async function rowOf(message: NewMessage, body: StagedBody): Promise<NewRow> {
  const fault = faultOf(message);
  if (fault !== undefined) throw new Error(`Cannot queue: ${fault}`);
  return {
    id: message.id,
    acceptedAt: message.acceptedAt,
    envelope: encodeEnvelope(message.envelope),
    sender: senderKey(message.envelope.reversePath),
    units: message.units.map(({ destination, recipients }) => ({
      destination,
      recipients: JSON.stringify(recipients),
    })),
    ...(await publish(body, message.id)),
  };
}

function buffersOf(rows: readonly NewRow[]): ArrayBuffer[] {
  return rows.flatMap(({ body }) => (body === undefined || body.length === 0 ? [] : [body.buffer as ArrayBuffer]));
}

function claimOf(row: ClaimRow): Claim {
  return { ...row, unit: String(row.unit), envelope: trustedEnvelope(row.envelope) } as unknown as Claim;
}

function messageOf(row: MessageRow): QueuedMessage {
  const units = row.units.map((unit) => ({ ...unit, unit: String(unit.unit) }));
  return { ...row, envelope: trustedEnvelope(row.envelope), units } as unknown as QueuedMessage;
}

const PAGE = 16_384;
const DEFAULT_PAGE = 100;
