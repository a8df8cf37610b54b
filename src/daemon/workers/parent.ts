import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { type Clock, err, ok, type Result, systemClock, systemRandom } from "../../base/mod.ts";
import { type Config, isMeasured } from "../../config/mod.ts";
import { type Gauges, publish } from "../../observe/mod.ts";
import { startMetrics } from "../../observe/io/mod.ts";
import { StoreError } from "../../queue/mod.ts";
import { descriptors } from "../../smtp/io/mod.ts";
import type { Admission } from "../../smtp/server/mod.ts";
import type { Certificates } from "../../tls/io/mod.ts";
import { type Clients, openClients } from "../clients.ts";
import { type Daemon, type Door, openCertificates, tellWarnings } from "../compose.ts";
import { controlSocketPath, type Drained } from "../control_api.ts";
import { startControl } from "../control_server.ts";
import { takenOver, waitingForRestart } from "../fixed_keys.ts";
import { watchRecent } from "../recent.ts";
import { reloadTurns } from "../reload_turns.ts";
import { type Seams, StartFailure } from "../seams.ts";
import { prepareDataDir, shardsOnDisk } from "../shards.ts";
import { srsSecrets } from "../srs_secrets.ts";
import { admissionDesk } from "./admission.ts";
import type { KeyTexts, WorkerOrder } from "./calls.ts";
import { workerCount } from "./count.ts";
import { type Crew, startCrew } from "./crew.ts";
import { bindDoors, type Doors } from "./doors.ts";
import { crewOperator } from "./operator.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker_process.ts";

export interface ParentSeams extends Pick<Seams, "clock" | "random" | "afterBind"> {
  /** Ends the workers at once, from their start on. */
  readonly hard?: AbortSignal;
}

/**
 * Binds the ports and reads the keys while root, starts the workers, and hands them what comes. The error says what could
 * not be had; nothing stays open then.
 */
export async function startParent(config: Config, seams: ParentSeams = {}): Promise<Result<Daemon, string>> {
  try {
    return ok(await start(config, seams));
  } catch (error) {
    if (error instanceof StartFailure || error instanceof StoreError) return err(error.message);
    throw error;
  }
}

async function start(config: Config, seams: ParentSeams): Promise<Daemon> {
  const { clock = systemClock, random = systemRandom, hard } = seams;
  await using undo = new AsyncDisposableStack();
  const force = { config, ...(await readKeys(config)) };
  tellWarnings(force.certificates);
  const clients = undo.use(readClients(config, clock));
  // Who comes before the workers do waits.
  const early: { readonly door: Door; readonly socket: Socket }[] = [];
  let crew: Crew | undefined;
  const hand = (door: Door, socket: Socket): void => {
    if (crew !== undefined) crew.hand(door, socket);
    else if (early.length < MOST_EARLY) early.push({ door, socket });
    else socket.destroy();
  };
  undo.defer(() => {
    for (const { socket } of early.splice(0)) socket.destroy();
  });
  const doors = undo.use(await bindDoors(config, { ...force, hand, descriptors: descriptors(clock) }));
  const dropped = seams.afterBind?.() ?? ok(undefined);
  if (!dropped.ok) throw new StartFailure(dropped.error);
  prepareDataDir(config.data_dir);
  // Before several would make them at once.
  srsSecrets(config, random);
  const count = workerCount(config);
  const order = (number: number): WorkerOrder => ({ number, workers: count, config: force.config, keys: force.keys });
  const started = await startCrew({
    clock,
    count,
    leftovers: shardsOnDisk(config.data_dir).filter((shard) => shard >= count),
    order,
    ...(hard === undefined ? {} : { hard }),
    spawn: (_number, beat) => spawnWith(clients.admission, beat),
  });
  undo.defer(async () => await started.stop());
  crew = started;
  for (const { door, socket } of early.splice(0)) crew.hand(door, socket);
  const recent = undo.use(watchRecent(clock));
  const metrics = isMeasured(config) ? undo.use(await startMetrics()) : undefined;
  const operator = crewOperator({
    crew,
    facts: factsOf(config, doors, clock.now()),
    lookups: doors.lookups,
    own: { recent, metrics: async () => (metrics === undefined ? [] : [await metrics.snapshot(NOTHING)]) },
  });
  const drained = Promise.withResolvers<Drained>();
  const takes = { clock, messageSize: config.message_size, drained: drained.resolve };
  undo.use(await startControl(controlSocketPath(config.data_dir), operator, takes));
  // First of all when it ends.
  undo.use({ [Symbol.asyncDispose]: async () => await doors[Symbol.asyncDispose]() });
  publish("hopseal:ready", { pid: process.pid, queued: (await operator.status()).queue.messages });
  const kept = undo.move();
  const turns = reloadTurns();
  return {
    listeners: doors.bound,
    operator,
    drained: drained.promise,
    reload: (read) => turns.take(async () => await reload(started, { force, clients }, read ?? force.config)),
    async stop() {
      await turns.end();
      await kept.disposeAsync();
      publish("hopseal:stopped", { pid: process.pid });
    },
  };
}

interface InForce {
  config: Config;
  keys: KeyTexts;
}

function readClients(config: Config, clock: Clock): Clients {
  try {
    return openClients(config, clock);
  } catch (error) {
    throw new StartFailure((error as Error).message, { cause: error });
  }
}

interface ReloadParts {
  readonly force: InForce;
  readonly clients: Clients;
}

async function reload(crew: Crew, { force, clients }: ReloadParts, read: Config): Promise<readonly string[]> {
  const problems = waitingForRestart(force.config, read).map(
    (key) => `${key} has changed; that waits for the next start`,
  );
  // A worker that is started again must be as the others are.
  force.config = takenOver(force.config, read);
  problems.push(...clients.follow(force.config));
  try {
    force.keys = (await readKeys(force.config)).keys;
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  const { config, keys } = force;
  const told = await Promise.all(
    crew.ready().map(async ({ number, process }) =>
      // One that dies meanwhile is started with what is in force now.
      process.call.reload(config, keys).catch((error: unknown) => [`Worker ${number}: ${(error as Error).message}`]),
    ),
  );
  return [...new Set([...problems, ...told.flat()])];
}

/** Reads and checks the certificates, and keeps the texts for those who cannot read them. Throws a StartFailure. */
async function readKeys(
  config: Config,
): Promise<{ readonly keys: KeyTexts; readonly certificates: Certificates | undefined }> {
  const keys = new Map<string, string>();
  const certificates = await openCertificates(config, systemClock, async (path) => {
    const text = await readFile(path, "latin1");
    keys.set(path, text);
    return text;
  });
  return { keys, certificates };
}

/** Clients are counted here, over all workers. */
function spawnWith(admission: Admission, beat: () => void): WorkerProcess {
  const desk = admissionDesk(admission);
  const worker = startWorkerProcess({ beat, enter: desk.enter, leave: desk.leave });
  void worker.gone.then(() => desk.close());
  return worker;
}

function factsOf(config: Config, doors: Doors, now: number): Parameters<typeof crewOperator>[0]["facts"] {
  return {
    hostname: config.hostname,
    started: new Date(now).toISOString(),
    listeners: doors.bound.map(({ role, host, port, tls }) => ({ role, address: `${host}:${port}`, tls })),
  };
}

/** What there is to be measured, its workers measure. */
const NOTHING: Gauges = {
  underWay: 0,
  paused: { receiving: false, sending: false, draining: false, destinations: 0 },
  lists: [],
};
const MOST_EARLY = 2000;
