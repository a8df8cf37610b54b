import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Clock, err, ok, type Result, systemClock, systemRandom } from "../base/mod.ts";
import { type Config, networkSet } from "../config/mod.ts";
import { type NoticeBound, noticeBound } from "../dsn/mod.ts";
import { publish } from "../observe/mod.ts";
import { newQueueId, type Store, StoreError } from "../queue/mod.ts";
import { openSqliteStore } from "../queue/store/mod.ts";
import { createReception, type RecipientRules, type SrsSecrets } from "../receive/mod.ts";
import { type Certificates, loadCertificates } from "../tls/io/mod.ts";
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
import { bindPolicyService } from "./policy_service.ts";
import { type Seams, StartFailure } from "./seams.ts";
import { startSending } from "./sending.ts";
import { hostPolicies } from "./sts_host.ts";
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

/** Builds the program from its parts and starts it; the error says what could not be had. Nothing stays open then. */
export async function startDaemon(config: Config, seams: Seams = {}): Promise<Result<Daemon, string>> {
  try {
    return ok(await start(config, seams));
  } catch (error) {
    if (error instanceof StartFailure || error instanceof StoreError) return err(error.message);
    throw error;
  }
}

/** The order matters: ports and keys while root, then the files, then the doors open. Disposal runs it backwards. */
async function start(config: Config, seams: Seams): Promise<Daemon> {
  const clock = seams.clock ?? systemClock;
  const random = seams.random ?? systemRandom;
  const newId = (): ReturnType<typeof newQueueId> => newQueueId(clock, random);
  await using undo = new AsyncDisposableStack();
  const certificates = await openCertificates(config, clock);
  let running = config;
  let rules = readRules(config);
  const door = doorkeeper();
  // The listeners close first when the daemon stops, so they are deferred last, below.
  const listening = await bindListeners(config, { clock, certificates, reception: door.reception });
  const unbind = new AsyncDisposableStack();
  unbind.use(listening);
  undo.defer(async () => await unbind.disposeAsync());
  const service = unbind.use(await bindPolicyService(config, clock));
  unbind.use(await hostPolicies(config, { clock, certificates, policyOf: (domain) => hostedPolicy(running, domain) }));
  undo.defer(() => door.shut());
  const dropped = seams.afterBind?.() ?? ok(undefined);
  if (!dropped.ok) throw new StartFailure(dropped.error);
  const store = undo.use(await openStore(config, clock, random));
  let srs = srsSecrets(config, random);
  const pauses = openPauses(config.data_dir);
  const returning = withReturns(store, () => ({ rules, secrets: srs }), clock);
  const outgoing = pausableStore(returning, pauses, clock);
  const retired = new Set<Promise<void>>();
  undo.defer(async () => void (await Promise.all(retired)));
  const notices = noticeBound();
  const outward = { clock, random, store: outgoing, newId, notices };
  let sending = await startSending(config, outward, seams);
  undo.defer(async () => await sending[Symbol.asyncDispose]());
  service.open(async (hop, signal) => await sending.plan(hop, signal));
  const inward = { clock, store, newId, notices, rules: (): RecipientRules => rules, srs: (): typeof srs => srs };
  const inject = injectInto({ ...inward, config: () => running });
  const takes = { clock, messageSize: config.message_size };
  const parts = { config, clock, store, listeners: listening.bound, inject, service, pauses, outgoing };
  const { operator, drained } = undo.use(await openControl(parts, takes));
  undo.use(watchDrop(dropFolder(config), { ...takes, submit: inject }));
  undo.defer(async () => await unbind.disposeAsync());
  const open = (): void => {
    const house = { ...inward, config: running };
    door.open((role) => pausableReception(receptionOf(role, house), pauses));
  };
  open();
  publish("hopseal:ready", { pid: process.pid, queued: (await store.count()).messages });
  const kept = undo.move();
  return {
    listeners: listening.bound,
    operator,
    drained,
    async stop() {
      await kept.disposeAsync();
      publish("hopseal:stopped", { pid: process.pid });
    },
    async reload(read = running) {
      const problems = waitingForRestart(running, read).map(
        (key) => `${key} has changed; that waits for the next start`,
      );
      problems.push(...(await reloadCertificates(certificates)));
      const next = takenOver(running, read);
      try {
        const renewed = { rules: readRules(next), srs: srsSecrets(next, random) };
        if (isDeepStrictEqual(next, running)) await sending.reload();
        else {
          const old = sending;
          sending = await startSending(next, outward, seams);
          running = next;
          const ending = Promise.resolve(old[Symbol.asyncDispose]()).finally(() => retired.delete(ending));
          retired.add(ending);
        }
        service.forget();
        ({ rules, srs } = renewed);
        open();
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error));
      }
      return problems;
    },
  };
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

async function openStore(config: Config, clock: Clock, random: typeof systemRandom): Promise<Store> {
  try {
    mkdirSync(config.data_dir, { recursive: true, mode: 0o700 });
    chmodSync(config.data_dir, 0o700);
  } catch (error) {
    throw new StartFailure(
      `Cannot use data_dir ${config.data_dir}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return await openSqliteStore({ directory: shardOf(config), clock, random });
}

/** The one shard of the one worker. */
export function shardOf(config: Config): string {
  return join(config.data_dir, "shard-0");
}

function readRules(config: Config): RecipientRules {
  try {
    return recipientRules(config);
  } catch (error) {
    throw new StartFailure(`Cannot read the recipients: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function openCertificates(config: Config, clock: Clock): Promise<Certificates | undefined> {
  const [first, ...rest] = config.certificate;
  if (first === undefined) return undefined;
  const loaded = await loadCertificates([first, ...rest], { clock });
  if (!loaded.ok) throw new StartFailure(loaded.error.map((fault) => fault.detail).join("\n"));
  for (const warning of loaded.value.warnings)
    publish("hopseal:fault", { where: "certificates", text: warning.detail });
  return loaded.value;
}

async function reloadCertificates(certificates: Certificates | undefined): Promise<string[]> {
  const reloaded = await certificates?.reload();
  return reloaded === undefined || reloaded.ok ? [] : reloaded.error.map((fault) => fault.detail);
}
