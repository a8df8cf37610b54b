import { writeSync } from "node:fs";
import { seededRandom, systemClock, systemRandom, utf8 } from "../../src/base/mod.ts";
import { domain, type Envelope, NO_DEMAND } from "../../src/mail/mod.ts";
import { type Claim, type Destination, newQueueId, type Store, StoreError } from "../../src/queue/mod.ts";
import { openSqliteStore } from "../../src/queue/store/mod.ts";
import { statusOf } from "../../src/status/mod.ts";
import { bodyOf, DAY, SIZES, SMALL_BODY } from "./body.ts";

/**
 * A process that queues and delivers until it is killed or done, and says every step on its standard output, so that
 * whoever killed it knows what it was promised:
 *
 *     begin ID SIZE, commit ID     asked to keep it; it is kept
 *     claim ID ATTEMPT             the attempt is counted
 *     deliver ID, settle ID        handed to the next hop; the queue knows
 *     defer ID, retry ID           about to be put off; put off
 *     hold ID, unhold ID           on hold by an operator's word; about to be released
 *     refuse KIND WHAT             a StoreError of that kind came instead
 *
 *     node load.ts DIRECTORY SEED PRODUCERS MESSAGES
 *
 * With no producer it queues one message after the other; when one is refused it waits until the store is in order again,
 * and is killed before anything else is written.
 */
async function run([directory = "", seed = "1", producers = "1", messages = "1"]: readonly string[]): Promise<void> {
  const store = await openSqliteStore({ directory, clock: systemClock, random: systemRandom, smallBody: SMALL_BODY });
  const random = seededRandom(Number(seed));
  let left = Number(messages);
  if (producers === "0") await queueUntilRefused(store, left);
  const produce = async (): Promise<void> => {
    while (left-- > 0) await orRefused("commit", () => queueOne(store, SIZES[random.below(SIZES.length)] ?? 0));
  };
  let producing = true;
  const consume = async (): Promise<void> => {
    for (;;) {
      const claims = (await orRefused("claim", () => store.claim({ now: Date.now(), lease: 60_000, limit: 5 }))) ?? [];
      if (claims.length === 0 && !producing) return;
      if (claims.length === 0) await nextTurn();
      for (const claim of claims) say(`claim ${claim.message} ${claim.attempt}`);
      const defers = claims.map(() => random.below(3) === 0);
      await Promise.all(
        claims.map((claim, at) => orRefused("settle", () => deliver(store, claim, defers[at] === true))),
      );
    }
  };
  const consumer = consume();
  await Promise.all(Array.from({ length: Number(producers) }, produce));
  producing = false;
  await consumer;
  await store[Symbol.asyncDispose]();
}

async function queueUntilRefused(store: Store, messages: number): Promise<void> {
  for (let left = messages; left > 0; left--) {
    if ((await orRefused("commit", () => queueOne(store, left === messages ? 100 : SMALL_BODY + 100))) !== undefined)
      continue;
    await store.count();
    process.kill(process.pid, "SIGKILL");
  }
}

/** Says so when the store refuses; what else goes wrong is a bug and ends the process. */
async function orRefused<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    say(`refuse ${error.kind} ${what}`);
    return undefined;
  }
}

async function queueOne(store: Store, size: number): Promise<true> {
  const id = newQueueId(systemClock, systemRandom);
  const sink = store.stage();
  say(`begin ${id} ${size}`);
  const body = bodyOf(id, size);
  for (let at = 0; at < size; at += 1000) await sink.write(body.subarray(at, at + 1000));
  const staged = await sink.finish();
  const units = [{ destination: "rook.example" as Destination, recipients: [0] }];
  await store.commit({ id, envelope: envelopeOf(id), acceptedAt: Date.now(), units }, staged);
  say(`commit ${id}`);
  return true;
}

async function deliver(store: Store, claim: Claim, defer: boolean): Promise<void> {
  const { message: id } = claim;
  const at = Date.now();
  if (defer) {
    say(`defer ${id}`);
    const states = new Map([[0, { kind: "pending" as const, last: statusOf("connect-failed") }]]);
    if (!(await store.settle(claim, { at, recipients: states, retryAt: at }))) throw new Error(`lost ${id}`);
    say(`retry ${id}`);
    if ((await store.operate({ message: id }, "hold", at)) !== 1) throw new Error(`cannot hold ${id}`);
    say(`hold ${id}`);
    say(`unhold ${id}`);
    if ((await store.operate({ message: id }, "release", at)) !== 1) throw new Error(`cannot release ${id}`);
    return;
  }
  say(`deliver ${id}`);
  const states = new Map([[0, { kind: "delivered" as const, status: statusOf("ok"), at }]]);
  const tally = [{ day: DAY, key: id }];
  if (!(await store.settle(claim, { at, recipients: states, tally }))) throw new Error(`lost ${id}`);
  say(`settle ${id}`);
}

function envelopeOf(id: string): Envelope {
  return {
    reversePath: { kind: "null" },
    recipients: [{ mailbox: { localPart: id, domain: domain("rook.example") } }],
    body: "8bitmime",
    smtpUtf8: false,
    dsn: {},
    demand: NO_DEMAND,
    origin: { kind: "generated" },
    content: { size: 0, eightBit: true, bareCrLf: true, nul: true, endsInCrlf: false, longestLine: 998 },
  };
}

/** Returns when the line is with the system, whole; a pipe that is full for the moment is asked again. */
function say(line: string): void {
  for (let rest = utf8(`${line}\n`); rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

await run(process.argv.slice(2));
