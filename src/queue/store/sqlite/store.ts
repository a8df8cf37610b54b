import { type Bytes, type Clock, unreachable } from "../../../base/mod.ts";
import { faultOf } from "../../entry.ts";
import {
  type Claim,
  type NewMessage,
  type QueuedMessage,
  type QueueId,
  type Settlement,
  type Store,
  StoreError,
} from "../../port.ts";
import { encodeEnvelope } from "../../stored.ts";
import { createWatchers } from "../_watch.ts";
import type { BodyFolder } from "./bodies.ts";
import { createGate } from "./gate.ts";
import type { ClaimRow, MessageRow, NewRow } from "./protocol.ts";
import { trustedEnvelope } from "./rows.ts";
import { createSink, discard, publish, stageWhole, type StagedBody, takeStaged } from "./sink.ts";
import type { Thread } from "./thread.ts";

export interface Parts {
  readonly thread: Thread;
  readonly bodies: BodyFolder;
  readonly smallBody: number;
  readonly clock: Pick<Clock, "now">;
}

/** The port over an open shard. */
export function createSqliteStore(parts: Parts): Store {
  const { thread, bodies, smallBody, clock } = parts;
  const watchers = createWatchers();
  const gate = createGate();
  return {
    stage: () => createSink(bodies, smallBody),
    commit: (message, body) =>
      gate.pass(async () => {
        await insert(thread, message, takeStaged(body));
        watchers.notify();
      }),
    claim: ({ now, lease, limit, except = [] }) =>
      gate.pass(async () => {
        const rows = await thread.call("claim", { now, leaseUntil: Math.round(now + lease), limit, except });
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
    release: (id, at) =>
      gate.pass(async () => {
        const count = await thread.call("release", { id, at });
        if (count > 0) watchers.notify();
        return count;
      }),
    openBody: (id, start = 0) => readContent(parts, id, start),
    nextDue: () => gate.pass(() => thread.call("nextDue", {})),
    list: ({ limit = DEFAULT_PAGE, after = "" } = {}) =>
      gate.pass(async () => (await thread.call("list", { now: clock.now(), limit, after })).map(messageOf)),
    show: (id) =>
      gate.pass(async () => {
        const row = await thread.call("show", { now: clock.now(), id });
        return row && messageOf(row);
      }),
    count: () => gate.pass(() => thread.call("count", {})),
    watch: watchers.add,
    async [Symbol.asyncDispose]() {
      await gate.close();
      await thread.close();
    },
  };
}

async function insert(thread: Thread, message: NewMessage, body: StagedBody): Promise<void> {
  const row = await orDiscard([body], () => rowOf(message, body));
  await orDiscardUnlessWritten([body], () => thread.call("commit", { message: row }, buffersOf([row])));
}

async function settle({ thread, bodies, smallBody }: Parts, claim: Claim, settlement: Settlement): Promise<boolean> {
  const notices: StagedBody[] = [];
  const enqueue: NewRow[] = [];
  await orDiscard(notices, async () => {
    for (const { message, body } of settlement.enqueue ?? []) {
      const staged = await stageWhole(bodies, smallBody, body);
      notices.push(staged);
      enqueue.push(await rowOf(message, staged));
    }
  });
  const { recipients, retryAt, hold } = settlement;
  const request = {
    unit: Number(claim.unit),
    token: claim.token,
    recipients,
    enqueue,
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(hold === undefined ? {} : { hold }),
  };
  const answer = await orDiscardUnlessWritten(notices, () => thread.call("settle", request, buffersOf(enqueue)));
  if (answer.freed !== undefined) await bodies.remove(answer.freed);
  if (!answer.held) await discardAll(notices);
  return answer.held;
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
    if (!(error instanceof StoreError && error.kind === "io")) await discardAll(bodies);
    throw error;
  }
}

async function discardAll(bodies: readonly StagedBody[]): Promise<void> {
  for (const body of bodies) await discard(body);
}

async function* readContent({ thread, bodies }: Parts, id: QueueId, start: number): AsyncIterable<Bytes> {
  const answer = await thread.call("body", { id });
  switch (answer.kind) {
    case "absent":
      throw new StoreError("io", `Message ${id} is no longer in the queue`);
    case "inline":
      if (answer.body.length > start) yield answer.body.subarray(start);
      return;
    case "file":
      yield* bodies.read(id, start, answer.size);
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

const DEFAULT_PAGE = 100;
