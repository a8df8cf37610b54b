import type { Socket } from "node:net";
import { type Clock, err, ok, type Random, type Result, systemClock, systemRandom } from "../base/mod.ts";
import { type Config, networkSet } from "../config/mod.ts";
import type { Resolver } from "../dns/mod.ts";
import { type NoticeBound, noticeBound } from "../dsn/mod.ts";
import { publish } from "../observe/mod.ts";
import { newQueueId, type Store, StoreError } from "../queue/mod.ts";
import { type JoinedStore, joinedStore } from "../queue/store/mod.ts";
import { createReception, type RecipientRules, type SrsSecrets } from "../receive/mod.ts";
import { type Certificates, loadCertificates, type ReadText } from "../tls/io/mod.ts";
import { type Adoption, adoption } from "./adoption.ts";
import { type Clients, openClients } from "./clients.ts";
import { openControl } from "./control.ts";
import type { Drained, Operator } from "./control_api.ts";
import { recipientRules } from "./directory.ts";
import { doorkeeper } from "./doorkeeper.ts";
import { dropFolder } from "./drop_file.ts";
import { watchDrop } from "./drop_watch.ts";
import { takenOver, waitingForRestart } from "./fixed_keys.ts";
import { destinationOf, EXPANSION, injectInto, offsetAt, writeReceived } from "./inject.ts";
import { type BoundListener, bindListeners } from "./listen.ts";
import { pausableReception } from "./pause_receiving.ts";
import { pausableStore } from "./pause_sending.ts";
import { openPauses } from "./pauses.ts";
import { ALONE, type Place, shareOf } from "./place.ts";
import { bindPolicyService } from "./policy_service.ts";
import { queueBounds } from "./queue_bounds.ts";
import { reloadTurns } from "./reload_turns.ts";
import { type Seams, StartFailure } from "./seams.ts";
import { type Sending, startSending } from "./sending.ts";
import { type ReplaceableSending, replaceableSending } from "./sending_replaced.ts";
import { openShard, prepareDataDir, type ShardParts, shardsOnDisk } from "./shards.ts";
import { answerPolicies, DEFAULT_LIMITS, hostPolicies, type StsConversations, type StsHostParts } from "./sts_host.ts";
import { hostedPolicy } from "./sts_host_policies.ts";
import { withReturns } from "./srs_return.ts";
import { srsSecrets } from "./srs_secrets.ts";

export interface Daemon {
  readonly listeners: readonly BoundListener[];
  readonly operator: Operator;
  /** Resolves when somebody asked over the control socket for a drain and it is over; `stop` is what is left to do then. */
  readonly drained: Promise<Drained>;
  /**
   * Reads certificates and recipients again, and takes over what has changed in `read`. The strings say what could not be
   * read, where the old stays in force, and what waits for the next start. Connections and attempts go on.
   */
  reload(read?: Config): Promise<readonly string[]>;
  /** Drains: no connection is cut between final dot and reply, no accepted message is lost. */
  stop(): Promise<void>;
}

/** A daemon that works for a parent. */
export interface Worker extends Daemon, Pick<Adoption, "adopt" | "giveBack"> {
  /** Serves a connection that the parent has accepted with `allowHalfOpen` at a `[[listen]]`, or for another service. */
  accept(door: Door, socket: Socket): void;
}

/** Where a connection came in: the place of its `[[listen]]`, or another service. */
export type Door = number | "https" | "lookups";

/** Builds the program from its parts and starts it; the error says what could not be had. Nothing stays open then. */
export async function startDaemon(
  config: Config,
  seams: Seams = {},
  place: Place = ALONE,
): Promise<Result<Worker, string>> {
  try {
    return ok(await start(config, seams, place));
  } catch (error) {
    if (error instanceof StartFailure || error instanceof StoreError) return err(error.message);
    throw error;
  }
}

/** The order matters: ports and keys while root, then the files, then the doors open. Disposal runs it backwards. */
async function start(config: Config, seams: Seams, place: Place): Promise<Worker> {
  const clock = seams.clock ?? systemClock;
  const random = seams.random ?? systemRandom;
  const newId = (): ReturnType<typeof newQueueId> => newQueueId(clock, random);
  await using undo = new AsyncDisposableStack();
  const handed = place.parent !== undefined;
  const certificates = await openCertificates(config, clock, place.parent?.readText);
  if (!handed) tellWarnings(certificates);
  const force: InForce = { config, rules: readRules(config), srs: undefined };
  const clients = undo.use(readClients(config, clock, place));
  const door = doorkeeper();
  // The listeners close first when the daemon stops, so they are deferred last, below.
  const listening = await bindListeners(config, { clock, certificates, reception: door.reception, clients, handed });
  const unbind = new AsyncDisposableStack();
  unbind.use(listening);
  undo.defer(async () => await unbind.disposeAsync());
  const service = unbind.use(await bindPolicyService(config, clock, handed));
  const policyOf = (domain: string): string | undefined => hostedPolicy(force.config, domain);
  const https = unbind.use(await hostingOf(config, { clock, certificates, policyOf }, place));
  undo.defer(() => door.shut());
  const dropped = seams.afterBind?.() ?? ok(undefined);
  if (!dropped.ok) throw new StartFailure(dropped.error);
  const shards = { clock, random, patience: place.patience, bounds: queueBounds(config, place) };
  const store = undo.use(await openStore(config, shards, place));
  force.srs = srsSecrets(config, random);
  const pauses = openPauses(config.data_dir);
  const returning = withReturns(store, () => ({ rules: force.rules, secrets: force.srs }), clock);
  const outgoing = pausableStore(returning, pauses, clock);
  const notices = noticeBound();
  const outward = { clock, random, store: outgoing, newId, notices };
  const send = async (next: Config): Promise<Sending> => await startSending(shared(next, place), outward, seams);
  const sending = undo.use(await replaceableSending(config, send));
  service.open(async (hop, signal) => await sending.now.plan(hop, signal));
  const inward = { clock, store, newId, notices, rules: () => force.rules, srs: () => force.srs };
  const inject = injectInto({ ...inward, config: () => force.config });
  const takes = { clock, messageSize: config.message_size };
  const known = { listeners: listening.bound, certificates, lists: () => sending.now.lists() };
  const parts = { config, clock, store, inject, service, pauses, outgoing, ...known };
  const { operator, drained } = undo.use(await openControl(parts, takes, place));
  const adopted = adoption({
    own: place.number,
    store,
    open: async (shard) => await openShard(config.data_dir, shard, shards),
    watchDrop: () => watchDrop(dropFolder(config), { ...takes, submit: inject }),
  });
  undo.use(adopted);
  undo.defer(async () => await unbind.disposeAsync());
  const open = (): void => {
    const house = { ...inward, config: force.config };
    service.forget();
    clients.askBy(resolverOf(sending));
    door.open((role) => pausableReception(clients.watch(role, receptionOf(role, house)), pauses));
  };
  open();
  if (!handed) publish("hopseal:ready", { pid: process.pid, queued: (await store.count()).messages });
  const kept = undo.move();
  const turns = reloadTurns();
  return {
    listeners: listening.bound,
    operator,
    drained,
    accept(door, socket) {
      if (door === "https") https?.accept(socket);
      else if (door === "lookups") service.accept(socket);
      else listening.accept(door, socket);
    },
    adopt: async (shard) => await adopted.adopt(shard),
    giveBack: async (shard) => await adopted.giveBack(shard),
    async stop() {
      await turns.end();
      await kept.disposeAsync();
      if (!handed) publish("hopseal:stopped", { pid: process.pid });
    },
    reload: (read) =>
      turns.take(
        async () => await takeOver(force, read ?? force.config, { certificates, random, clients, sending, open }),
      ),
  };
}

/** What a reload replaces. */
interface InForce {
  config: Config;
  rules: RecipientRules;
  srs: SrsSecrets | undefined;
}

interface ReloadParts {
  readonly certificates: Certificates | undefined;
  readonly random: Random;
  readonly clients: Clients;
  readonly sending: ReplaceableSending;
  /** Lets what is in force now count. */
  readonly open: () => void;
}

async function takeOver(force: InForce, read: Config, parts: ReloadParts): Promise<readonly string[]> {
  const { certificates, random, clients, sending, open } = parts;
  const problems = waitingForRestart(force.config, read).map(
    (key) => `${key} has changed; that waits for the next start`,
  );
  problems.push(...(await reloadCertificates(certificates)));
  const next = takenOver(force.config, read);
  try {
    const renewed = { rules: readRules(next), srs: srsSecrets(next, random) };
    await sending.follow(next);
    Object.assign(force, renewed, { config: next });
    problems.push(...clients.follow(next));
    open();
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  return problems;
}

interface ReceptionParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly store: Store;
  readonly newId: () => ReturnType<typeof newQueueId>;
  readonly rules: () => RecipientRules;
  readonly srs: () => SrsSecrets | undefined;
  readonly notices: NoticeBound;
}

function receptionOf(role: BoundListener["role"], parts: ReceptionParts): ReturnType<typeof createReception> {
  const { config } = parts;
  return createReception({
    ...parts,
    role,
    hostname: config.hostname,
    limits: {
      headerFields: config.limits.header_fields,
      hops: config.limits.hops,
      expandedRecipients: config.limits.recipients * EXPANSION,
    },
    isRelayClient: networkSet(config.relay.networks),
    tlsRequiredNo: config.policy.tls_required_no,
    destinationOf,
    offsetAt,
    writeReceived,
  });
}

/** Its own shard; alone, those that other workers have left as well. */
async function openStore(config: Config, parts: ShardParts, place: Place): Promise<JoinedStore> {
  prepareDataDir(config.data_dir);
  const store = joinedStore(await openShard(config.data_dir, place.number, parts));
  if (place.parent !== undefined) return store;
  await using undo = new AsyncDisposableStack();
  undo.use(store);
  for (const shard of shardsOnDisk(config.data_dir)) {
    if (shard !== place.number) store.add(shard, await openShard(config.data_dir, shard, parts));
  }
  undo.move();
  return store;
}

/** Its share of what counts for all workers together. */
function shared(config: Config, place: Place): Config {
  const { concurrency, per_destination } = config.outbound;
  const share = { concurrency: shareOf(concurrency, place), per_destination: shareOf(per_destination, place) };
  return { ...config, outbound: { ...config.outbound, ...share } };
}

async function hostingOf(config: Config, parts: StsHostParts, place: Place): Promise<StsConversations | undefined> {
  const { https } = config;
  if (place.parent === undefined || https === undefined) return await hostPolicies(config, parts);
  const { connections, perAddress } = DEFAULT_LIMITS;
  const limits = { connections: shareOf(connections, place), perAddress: shareOf(perAddress, place) };
  return answerPolicies(https, { ...parts, limits });
}

/** Goes with what a reload replaces. */
function resolverOf(sending: ReplaceableSending): Resolver {
  return { query: async (name, type, options) => await sending.now.resolver.query(name, type, options) };
}

function readClients(config: Config, clock: Clock, { parent }: Place): Clients {
  try {
    return openClients(config, clock, parent?.admission);
  } catch (error) {
    throw new StartFailure(error instanceof Error ? error.message : String(error));
  }
}

function readRules(config: Config): RecipientRules {
  try {
    return recipientRules(config);
  } catch (error) {
    throw new StartFailure(`Cannot read the recipients: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What is noticed is told by the process that reads the files. Throws a StartFailure. */
export async function openCertificates(
  config: Config,
  clock: Clock,
  readText?: ReadText,
): Promise<Certificates | undefined> {
  const [first, ...rest] = config.certificate;
  if (first === undefined) return undefined;
  const loaded = await loadCertificates([first, ...rest], { clock, ...(readText === undefined ? {} : { readText }) });
  if (!loaded.ok) throw new StartFailure(loaded.error.map((fault) => fault.detail).join("\n"));
  return loaded.value;
}

export function tellWarnings(certificates: Certificates | undefined): void {
  for (const { detail } of certificates?.warnings ?? [])
    publish("hopseal:fault", { where: "certificates", text: detail });
}

async function reloadCertificates(certificates: Certificates | undefined): Promise<string[]> {
  const reloaded = await certificates?.reload();
  return reloaded === undefined || reloaded.ok ? [] : reloaded.error.map((fault) => fault.detail);
}
