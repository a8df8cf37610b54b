import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/clock.ts";
import { subscribe } from "../../observe/mod.ts";
import type { Door } from "../compose.ts";
import type { WorkerOrder } from "./calls.ts";
import { type Crew, startCrew } from "./crew.ts";
import { PeerGone } from "./rpc.ts";
import type { CrewParts } from "./state.ts";
import type { Ending, WorkerProcess } from "./worker_process.ts";

/** A process that is none. */
interface Fake {
  readonly number: number;
  readonly done: string[];
  readonly taken: string[];
  beat(): void;
  die(ending?: Ending): void;
  readonly alive: boolean;
}

interface World {
  readonly clock: ManualClock;
  readonly fakes: Fake[];
  readonly faults: string[];
  readonly crew: Crew;
  /** The newest life of a worker. */
  life(number: number): Fake;
  state(): string[];
}

interface Wishes extends Partial<CrewParts> {
  /** What a life answers to its order, by its place among all lives. */
  readonly starts?: (place: number) => Promise<void>;
  readonly adopts?: (shard: number) => Promise<void>;
}

async function world(count: number, { starts, adopts, ...parts }: Wishes = {}): Promise<World & Disposable> {
  const clock = new ManualClock();
  const fakes: Fake[] = [];
  const faults: string[] = [];
  const heard = subscribe("hopseal:fault", ({ text }) => void faults.push(text));
  const crew = await startCrew({
    clock,
    count,
    leftovers: [],
    order: (number) => ({ number }) as WorkerOrder,
    spawn: (number, beat) => spawn(fakes, { number, beat, starts, adopts }),
    ...parts,
  }).catch((error: unknown) => {
    heard[Symbol.dispose]();
    throw error;
  });
  return {
    clock,
    fakes,
    faults,
    crew,
    life: (number) => fakes.findLast((one) => one.number === number) as Fake,
    state: () => crew.members.map(({ number, state, shards }) => `${number} ${state} ${[...shards].sort().join("+")}`),
    [Symbol.dispose]: () => heard[Symbol.dispose](),
  };
}

interface SpawnOptions {
  readonly starts: Wishes["starts"] | undefined;
  readonly adopts: Wishes["adopts"] | undefined;
  readonly number: number;
  readonly beat: () => void;
}

function spawn(fakes: Fake[], { number, beat, starts, adopts }: SpawnOptions): WorkerProcess {
  const { promise: gone, resolve } = Promise.withResolvers<Ending>();
  const pending = new Set<(error: Error) => void>();
  let alive = true;
  const done: string[] = [];
  const waits = new Map<Socket, Door>();
  const taken: string[] = [];
  const die = (ending: Ending = { code: null, signal: "SIGKILL" }): void => {
    alive = false;
    for (const reject of pending) reject(new PeerGone("The worker has ended"));
    resolve(ending);
  };
  const call = async (name: string, work: () => Promise<unknown> = async () => undefined): Promise<void> => {
    done.push(name);
    if (!alive) throw new PeerGone("The worker has ended");
    const { promise, reject } = Promise.withResolvers<never>();
    pending.add(reject);
    await Promise.race([work(), promise]);
  };
  const place = fakes.length;
  fakes.push({
    number,
    done,
    taken,
    beat,
    die,
    get alive() {
      return alive;
    },
  });
  return {
    pid: 1000 + place,
    call: {
      start: () => call("start", () => starts?.(place) ?? Promise.resolve()),
      adopt: (shard: number) => call(`adopt ${shard}`, () => adopts?.(shard) ?? Promise.resolve()),
      giveBack: (shard: number) => call(`give back ${shard}`),
      async reload(config: string, keys: string) {
        await call(`reload ${config} ${keys}`);
        return [`${config} is odd`];
      },
      async stop() {
        await call("stop");
        die({ code: 0, signal: null });
      },
    } as unknown as WorkerProcess["call"],
    get active() {
      return taken.length;
    },
    hand(door, socket) {
      if (alive) taken.push(`${door}`);
      else waits.set(socket, door);
    },
    kill: () => die(),
    gone,
    unserved: () => [...waits].map(([socket, door]) => ({ door, socket })),
  };
}

/** Lets everything that needs no clock happen. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}

const SOCKET = { destroy: () => undefined } as unknown as Socket;

test("startCrew: connections go to the one with the fewest, each in turn among equals", async () => {
  using here = await world(3);
  for (let at = 0; at < 6; at++) here.crew.hand(at, SOCKET);
  assert.deepEqual(
    here.fakes.map(({ taken }) => taken),
    [
      ["0", "3"],
      ["1", "4"],
      ["2", "5"],
    ],
  );
  here.fakes[1]?.taken.splice(0);
  here.crew.hand("https", SOCKET);
  here.crew.hand("lookups", SOCKET);
  assert.deepEqual(here.fakes[1]?.taken, ["https", "lookups"]);
});

test("startCrew: a dead worker is started again after a wait that grows; meanwhile the others serve", async () => {
  const died: number[] = [];
  using here = await world(2, { died: (number) => void died.push(number) });
  for (const wait of [100, 400, 1600]) {
    here.life(1).die({ code: 1, signal: null });
    await settle();
    assert.deepEqual(here.state(), ["0 ready 0", "1 down "]);
    here.crew.hand(0, SOCKET);
    here.clock.advance(wait - 1);
    await settle();
    assert.deepEqual(here.state(), ["0 ready 0", "1 down "]);
    here.clock.advance(1);
    await settle();
    assert.deepEqual(here.state(), ["0 ready 0", "1 ready 1"]);
  }
  assert.deepEqual(died, [1, 1, 1]);
  assert.equal(here.life(0).taken.length, 3);
  assert.deepEqual(here.faults, [
    "Worker 1 (shard-1) ended with status 1; starts again in 100 ms",
    "Worker 1 (shard-1) ended with status 1; starts again in 400 ms",
    "Worker 1 (shard-1) ended with status 1; starts again in 1600 ms",
  ]);
  // One that was well for a while begins at the beginning.
  here.life(1).beat();
  for (let at = 0; at < 20; at++) {
    here.clock.advance(5000);
    for (const fake of here.fakes) fake.beat();
  }
  here.life(1).die();
  await settle();
  assert.equal(here.faults.at(-1), "Worker 1 (shard-1) ended by SIGKILL; starts again in 100 ms");
});

test("startCrew: after four deaths in a row another takes the shard, and gives it back when its own is tried again", async () => {
  using here = await world(2);
  for (const wait of [100, 400, 1600]) {
    here.life(1).die();
    await settle();
    here.clock.advance(wait);
    await settle();
  }
  here.life(1).die();
  await settle();
  assert.deepEqual(here.state(), ["0 ready 0+1", "1 down "]);
  assert.equal((await here.crew.everyone()).length, 1);
  beatsDuring(here, 299_000);
  await settle();
  assert.deepEqual(here.state(), ["0 ready 0+1", "1 down "]);
  beatsDuring(here, 2000);
  await settle();
  assert.deepEqual(here.life(0).done, ["start", "adopt 1", "give back 1"]);
  assert.deepEqual(here.state(), ["0 ready 0", "1 ready 1"]);
  // Once more, and it rests twice as long.
  here.life(1).die();
  await settle();
  assert.deepEqual(here.state(), ["0 ready 0+1", "1 down "]);
  beatsDuring(here, 590_000);
  await settle();
  assert.deepEqual(here.state(), ["0 ready 0+1", "1 down "]);
  beatsDuring(here, 20_000);
  await settle();
  assert.deepEqual(here.state(), ["0 ready 0", "1 ready 1"]);
});

test("startCrew: without anybody else a worker is tried again and again, and who comes waits for it", async () => {
  using here = await world(1);
  for (let death = 0; death < 8; death++) {
    here.life(0).die();
    await settle();
    here.crew.hand(death, SOCKET);
    here.clock.advance(10_000);
    await settle();
    assert.deepEqual(here.state(), ["0 ready 0"]);
    assert.deepEqual(here.life(0).taken, [`${death}`]);
  }
});

test("startCrew: shards of a larger number of workers are spread; one that cannot be opened is tried again", async () => {
  let whole = false;
  using here = await world(2, {
    leftovers: [2, 3, 5],
    adopts: async (shard) => {
      if (shard === 5 && !whole) throw new Error("torn");
    },
  });
  assert.deepEqual(here.state(), ["0 ready 0+2", "1 ready 1+3"]);
  assert.deepEqual(here.crew.orphans(), [5]);
  assert.ok(here.faults.includes("Worker 0 cannot take shard-5: torn"));
  const asking = here.crew.everyone();
  const refused = assert.rejects(asking, /^Error: shard-5 is in no worker's hands at the moment/);
  await settle();
  beatsDuring(here, 10_000);
  await refused;
  whole = true;
  beatsDuring(here, 25_000);
  await settle();
  assert.deepEqual(here.state(), ["0 ready 0+2+5", "1 ready 1+3"]);
  assert.equal((await here.crew.everyone()).length, 2);
  // When the adopter dies soon, what it had of others may be the cause: another gets it, and not at once.
  here.life(0).die();
  await settle();
  here.clock.advance(100);
  await settle();
  assert.deepEqual(here.state(), ["0 ready 0", "1 ready 1+3"]);
  beatsDuring(here, 301_000);
  await settle();
  assert.deepEqual(here.crew.orphans(), []);
  whole = false;
  here.life(0).die();
  await settle();
  assert.notEqual(here.crew.orphans().length, 0);
  await here.crew.stop();
  assert.equal(here.clock.pending, 0);
});

test("startCrew: a worker that says nothing for a minute is ended and started again", async () => {
  using here = await world(2);
  const first = here.life(1);
  for (let at = 0; at < 12; at++) {
    here.clock.advance(5000);
    here.life(0).beat();
  }
  assert.equal(first.alive, true);
  here.clock.advance(5000);
  await settle();
  assert.equal(first.alive, false);
  assert.equal(here.faults[0], "Worker 1 has not been heard of for 60 s, and is ended");
  here.clock.advance(1000);
  await settle();
  assert.deepEqual(here.state(), ["0 ready 0", "1 ready 1"]);
});

test("startCrew: when one cannot begin at the start, none goes on; later it is tried again", async () => {
  const fakes: Fake[] = [];
  const clock = new ManualClock();
  const starting = startCrew({
    clock,
    count: 2,
    leftovers: [],
    order: (number) => ({ number }) as WorkerOrder,
    spawn: (number, beat) => {
      const starts = async (place: number): Promise<void> => {
        if (place === 1) throw new Error("Cannot read the recipients");
      };
      return spawn(fakes, { number, beat, starts, adopts: undefined });
    },
  });
  await assert.rejects(starting, { name: "StartFailure", message: "Cannot read the recipients" });
  assert.deepEqual(
    fakes.map(({ alive }) => alive),
    [false, false],
  );
  assert.equal(clock.pending, 0);

  let bad = false;
  using here = await world(2, { starts: async () => (bad ? Promise.reject(new Error("not now")) : undefined) });
  bad = true;
  here.life(0).die();
  await settle();
  here.clock.advance(100);
  await settle();
  assert.ok(here.faults.includes("Worker 0 cannot start: not now"));
  bad = false;
  here.clock.advance(400);
  await settle();
  assert.deepEqual(here.state(), ["0 ready 0", "1 ready 1"]);
});

test("Crew.stop: all drain, one that has not begun is ended, nobody is started again, and no timer is left", async () => {
  let wait = false;
  using here = await world(3, { starts: () => (wait ? new Promise(() => undefined) : Promise.resolve()) });
  wait = true;
  here.life(1).die();
  await settle();
  here.clock.advance(100);
  await settle();
  assert.deepEqual(here.state(), ["0 ready 0", "1 starting ", "2 ready 2"]);
  here.life(2).die();
  await settle();
  await here.crew.stop();
  assert.deepEqual(here.life(0).done, ["start", "stop"]);
  assert.equal(here.life(1).alive, false);
  assert.equal(here.clock.pending, 0);
  assert.equal(here.fakes.length, 4);
});

test("startCrew: a worker that dies before it was ready at the start is told of once, and none goes on", async () => {
  const fakes: Fake[] = [];
  const faults: string[] = [];
  using _heard = subscribe("hopseal:fault", ({ text }) => void faults.push(text));
  const clock = new ManualClock();
  const starting = startCrew({
    clock,
    count: 2,
    leftovers: [],
    order: (number) => ({ number }) as WorkerOrder,
    spawn: (number, beat) => {
      const starts = (): Promise<void> => new Promise(() => undefined);
      return spawn(fakes, { number, beat, starts, adopts: undefined });
    },
  });
  fakes[1]?.die({ code: 3, signal: null });
  await assert.rejects(starting, {
    name: "StartFailure",
    message: "Worker 1 ended with status 3 before it was ready",
  });
  assert.deepEqual(faults, []);
  assert.deepEqual(
    fakes.map(({ alive }) => alive),
    [false, false],
  );
  assert.equal(clock.pending, 0);
});

test("startCrew: what a reload brings while a worker starts counts for it before it is ready", async () => {
  const force = { config: "first", keys: "old" };
  const starts: (() => void)[] = [];
  using here = await world(2, {
    order: (number) => ({ number, ...force }) as unknown as WorkerOrder,
    starts: (place) => (place < 2 ? Promise.resolve() : new Promise((resolve) => starts.push(resolve))),
  });
  here.life(1).die();
  await settle();
  here.clock.advance(100);
  await settle();
  assert.deepEqual(here.state(), ["0 ready 0", "1 starting "]);
  Object.assign(force, { config: "second", keys: "new" });
  starts[0]?.();
  await settle();
  assert.deepEqual(here.state(), ["0 ready 0", "1 ready 1"]);
  assert.deepEqual(here.life(0).done, ["start"]);
  assert.deepEqual(here.life(1).done, ["start", "reload second new"]);
  assert.equal(here.faults.at(-1), "Worker 1: second is odd");
});

test("startCrew: a worker does not begin while another is still taking its shard", async () => {
  const adopting: (() => void)[] = [];
  using here = await world(2, { adopts: () => new Promise((resolve) => adopting.push(resolve)) });
  for (const wait of [100, 400, 1600]) {
    here.life(1).die();
    await settle();
    here.clock.advance(wait);
    await settle();
  }
  const lives = here.fakes.length;
  here.life(1).die();
  await settle();
  assert.deepEqual(here.life(0).done, ["start", "adopt 1"]);
  beatsDuring(here, 301_000);
  await settle();
  assert.equal(here.fakes.length, lives);
  adopting[0]?.();
  await settle();
  assert.deepEqual(here.life(0).done, ["start", "adopt 1", "give back 1"]);
  assert.deepEqual(here.state(), ["0 ready 0", "1 ready 1"]);
  await here.crew.stop();
  assert.equal(here.clock.pending, 0);
});

test("startCrew: who cannot wait any more, as too many do, is counted", async () => {
  const limited: string[] = [];
  using _heard = subscribe("hopseal:limited", ({ limit, client }) => void limited.push(`${limit} ${client}`));
  using here = await world(1);
  here.life(0).die();
  await settle();
  let destroyed = 0;
  const socket = { destroy: () => destroyed++, remoteAddress: "::ffff:192.0.2.1" } as unknown as Socket;
  for (let at = 0; at < 2001; at++) here.crew.hand(0, socket);
  assert.equal(destroyed, 1);
  assert.deepEqual(limited, ["connections 192.0.2.1"]);
});

/** Everybody alive says so all the time. */
function beatsDuring(here: World, span: number): void {
  for (let left = span; left > 0; left -= 1000) {
    here.clock.advance(Math.min(1000, left));
    for (const fake of here.fakes) if (fake.alive) fake.beat();
  }
}
