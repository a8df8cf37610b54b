import type { Socket } from "node:net";
import type { Millis } from "../../base/mod.ts";
import { unmapped } from "../../mail/mod.ts";
import { publish } from "../../observe/mod.ts";
import type { Door } from "../compose.ts";
import { StartFailure } from "../seams.ts";
import type { WorkerOrder } from "./calls.ts";
import { adoptOrphans, takeBack } from "./orphans.ts";
import { PeerGone } from "./rpc.ts";
import {
  changed,
  type CrewParts,
  type Member,
  type Orphan,
  type ReadyWorker,
  readyOf,
  type State,
  tell,
} from "./state.ts";
import type { Ending, WorkerProcess } from "./worker_process.ts";

/** The workers together, each of which is started again when it dies. */
export interface Crew {
  readonly members: readonly Member[];
  /** Those who serve now. */
  ready(): readonly ReadyWorker[];
  /** Those who serve, when every shard is in somebody's hands; waits for that a while, and then rejects. */
  everyone(): Promise<readonly ReadyWorker[]>;
  /** Shards in nobody's hands. */
  orphans(): readonly number[];
  /** Gives a connection to the one with the fewest; without anybody it waits for the first. */
  hand(door: Door, socket: Socket): void;
  /** Lets all of them drain and end; resolves when they are gone. */
  stop(): Promise<void>;
}

/** Starts all of them; rejects with a StartFailure when one cannot begin, and then none goes on. */
export async function startCrew(parts: CrewParts): Promise<Crew> {
  const members = Array.from(
    { length: parts.count },
    (_, number): Member => ({
      number,
      state: "down",
      begun: false,
      shards: new Set(),
      readySince: 0,
      deaths: 0,
      silent: 0,
    }),
  );
  const orphans = new Map(parts.leftovers.map((shard): [number, Orphan] => [shard, { shard, notBefore: 0 }]));
  const state: State = {
    parts,
    members,
    orphans,
    tries: new Map(),
    adopting: new Map(),
    waiting: [],
    listeners: new Set(),
    last: -1,
    stopping: false,
  };
  const kill = (): void => {
    state.stopping = true;
    for (const { process } of members) process?.kill();
  };
  parts.hard?.addEventListener("abort", kill, { once: true });
  const watch = watchBeats(state);
  try {
    await Promise.all(members.map((member) => firstStart(state, member)));
  } catch (error) {
    watch[Symbol.dispose]();
    kill();
    endTries(state);
    await Promise.all(members.map(async ({ process }) => await process?.gone));
    throw error;
  }
  await adoptOrphans(state);
  return {
    members,
    ready: () => readyOf(state),
    orphans: () => missingOf(state),
    everyone: async () => await everyone(state),
    hand: (door, socket) => hand(state, door, socket),
    async stop() {
      state.stopping = true;
      endTries(state);
      for (const { socket } of state.waiting.splice(0)) socket.destroy();
      await Promise.all(members.map(stopMember));
      watch[Symbol.dispose]();
    },
  };
}

/** Starts its process; resolves when that is ready. */
async function begin(state: State, member: Member): Promise<void> {
  const { parts } = state;
  const process = parts.spawn(member.number, () => {
    member.silent = 0;
  });
  Object.assign(member, { process, state: "starting", silent: 0 });
  void process.gone.then((ending) => onDeath(state, member, { process, ending }));
  try {
    await serveAsTold(state, member, process);
  } catch (error) {
    if (!(error instanceof PeerGone)) throw error;
    const ending = endingText(await process.gone);
    throw new Error(`Worker ${member.number} ended ${ending} before it was ready`, { cause: error });
  }
}

/** What is in force may have been replaced while it started; it is ready when it has the newest. */
async function serveAsTold(state: State, member: Member, { call }: WorkerProcess): Promise<void> {
  const newest = (): WorkerOrder => state.parts.order(member.number);
  let told = newest();
  await call.start(told);
  for (let next = newest(); next.config !== told.config || next.keys !== told.keys; next = newest()) {
    told = next;
    for (const text of await call.reload(next.config, next.keys)) tell(`Worker ${member.number}: ${text}`);
  }
  onReady(state, member);
}

function endTries({ members, tries }: State): void {
  for (const { timer } of members) timer?.[Symbol.dispose]();
  for (const timer of tries.values()) timer[Symbol.dispose]();
}

async function firstStart(state: State, member: Member): Promise<void> {
  try {
    await begin(state, member);
  } catch (error) {
    throw new StartFailure((error as Error).message, { cause: error });
  }
}

function onReady(state: State, member: Member): void {
  if (member.state !== "starting" || member.process === undefined) return;
  member.state = "ready";
  member.begun = true;
  member.readySince = state.parts.clock.monotonic();
  member.shards = new Set([member.number]);
  state.parts.ready?.(member as ReadyWorker);
  for (const { door, socket } of state.waiting.splice(0)) hand(state, door, socket);
  changed(state);
}

function onDeath(
  state: State,
  member: Member,
  { process, ending }: { readonly process: WorkerProcess; readonly ending: Ending },
): void {
  const { clock, died } = state.parts;
  const steady = member.state === "ready" && clock.monotonic() - member.readySince > STEADY;
  const others = [...member.shards].filter((shard) => shard !== member.number);
  Object.assign(member, {
    state: "down",
    process: undefined,
    shards: new Set(),
    deaths: steady ? 1 : member.deaths + 1,
  });
  died?.(member.number);
  for (const { door, socket } of process.unserved()) hand(state, door, socket);
  changed(state);
  // One that never was ready ends the start of all.
  if (state.stopping || !member.begun) return;
  const now = clock.monotonic();
  // What it had of others may be what it died of.
  for (const shard of others) state.orphans.set(shard, { shard, notBefore: steady ? now : now + REST });
  const tries = member.deaths - MOST_DEATHS;
  const abandoned = tries > 0 && readyOf(state).length > 0;
  const wait = abandoned ? Math.min(REST * 2 ** (tries - 1), LONGEST_REST) : backOff(member.deaths);
  if (abandoned) state.orphans.set(member.number, { shard: member.number, notBefore: now });
  const what = abandoned ? "another takes its shard" : `starts again in ${wait} ms`;
  tell(`Worker ${member.number} (shard-${member.number}) ended ${endingText(ending)}; ${what}`);
  member.timer = clock.after(wait, () => void beginAgain(state, member));
  void adoptOrphans(state);
}

async function beginAgain(state: State, member: Member): Promise<void> {
  const { number } = member;
  try {
    await takeBack(state, number);
  } catch (error) {
    if (state.stopping) return;
    tell(`Worker ${number} does not get shard-${number} back: ${(error as Error).message}`);
    member.timer = state.parts.clock.after(REST, () => void beginAgain(state, member));
    return;
  }
  if (state.stopping) return;
  try {
    await begin(state, member);
  } catch (error) {
    // Its end says when the next try is.
    tell(`Worker ${number} cannot start: ${(error as Error).message}`);
    member.process?.kill();
    return;
  }
  await adoptOrphans(state);
}

function hand(state: State, door: Door, socket: Socket): void {
  const taker = state.stopping ? undefined : takerOf(state);
  if (taker !== undefined) taker.process.hand(door, socket);
  else if (state.stopping) socket.destroy();
  else if (state.waiting.length < MOST_WAITING) state.waiting.push({ door, socket });
  else {
    const client = socket.remoteAddress === undefined ? {} : { client: unmapped(socket.remoteAddress) };
    publish("hopseal:limited", { limit: "connections", ...client, text: "too many wait for a worker" });
    socket.destroy();
  }
}

/** The one with the fewest; of those with as few, each in turn. */
function takerOf(state: State): ReadyWorker | undefined {
  const ready = readyOf(state);
  const at = ready.findIndex(({ number }) => number > state.last);
  const [first, ...others] = at < 0 ? ready : [...ready.slice(at), ...ready.slice(0, at)];
  if (first === undefined) return undefined;
  const taker = others.reduce((one, other) => (other.process.active < one.process.active ? other : one), first);
  state.last = taker.number;
  return taker;
}

async function everyone(state: State): Promise<readonly ReadyWorker[]> {
  const late = Promise.withResolvers<void>();
  let over = false;
  using _timer = state.parts.clock.after(PATIENCE, () => {
    over = true;
    late.resolve();
  });
  for (;;) {
    const missing = missingOf(state);
    if (missing.length === 0) return readyOf(state);
    if (over || state.stopping) {
      throw new Error(`shard-${missing.join(", shard-")} is in no worker's hands at the moment; try again later`);
    }
    await Promise.race([nextChange(state), late.promise]);
  }
}

function missingOf(state: State): readonly number[] {
  const { count, leftovers } = state.parts;
  const all = [...Array.from({ length: count }, (_, number) => number), ...leftovers];
  const held = new Set(readyOf(state).flatMap(({ shards }) => [...shards]));
  return all.filter((shard) => !held.has(shard));
}

function nextChange(state: State): Promise<void> {
  return new Promise((resolve) => {
    const listener = (): void => {
      state.listeners.delete(listener);
      resolve();
    };
    state.listeners.add(listener);
  });
}

async function stopMember({ state, process }: Member): Promise<void> {
  if (process === undefined) return;
  // One that has not begun to serve has promised nothing.
  if (state === "starting") process.kill();
  else process.call.stop().catch(() => undefined);
  await process.gone;
}

/** Counts looks, not time: a machine that slept has missed both. */
function watchBeats(state: State): Disposable {
  let timer: Disposable | undefined;
  const look = (): void => {
    for (const member of state.members) {
      if (member.process === undefined || ++member.silent <= MOST_SILENT) continue;
      tell(`Worker ${member.number} has not been heard of for ${(MOST_SILENT * LOOK) / 1000} s, and is ended`);
      member.process.kill();
    }
    timer = state.parts.clock.after(LOOK, look);
  };
  timer = state.parts.clock.after(LOOK, look);
  return { [Symbol.dispose]: () => timer?.[Symbol.dispose]() };
}

function backOff(deaths: number): Millis {
  return Math.min(FIRST_WAIT * 4 ** (deaths - 1), LONGEST_WAIT);
}

function endingText({ code, signal }: Ending): string {
  return signal === null ? `with status ${code ?? "none"}` : `by ${signal}`;
}

/** A worker that lives so long is well. */
const STEADY: Millis = 60_000;
/** After more in a row another takes its shard. */
const MOST_DEATHS = 3;
const FIRST_WAIT: Millis = 100;
const LONGEST_WAIT: Millis = 10_000;
/** Before a worker whose shard another has is tried again. */
const REST: Millis = 300_000;
const LONGEST_REST: Millis = 3_600_000;
const LOOK: Millis = 5000;
const MOST_SILENT = 12;
/** How long a question waits for a shard that is in nobody's hands. */
const PATIENCE: Millis = 10_000;
const MOST_WAITING = 2000;
