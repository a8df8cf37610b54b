import { err, ok, type Result, systemClock, systemRandom } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import { newQueueId, type Operation, type Store, StoreError, type UnitFilter } from "../queue/mod.ts";
import type { LocalMessage } from "../submission/mod.ts";
import { askDaemon, type ControlFault, type ControlRequest } from "./control_client.ts";
import { controlSocketPath } from "./control_api.ts";
import { faultText, refusal, type SubmitFault } from "./control_fault.ts";
import { filterQuery } from "./control_filter.ts";
import { localMessageQuery } from "./control_json.ts";
import { directory, injectInto } from "./inject.ts";
import { dropPrivileges } from "./privileges.ts";
import { openShard } from "./shards.ts";
import { srsSecrets } from "./srs_secrets.ts";
import { queueView, type QueueView } from "./operate_view.ts";

/** The queue as an operator reaches it: through the running daemon, or in the files themselves while none runs. */
export interface OperatorQueue extends QueueView {
  /** How many destinations that touches, or undefined when the filter names a message that is not there. */
  operate(filter: UnitFilter, operation: Operation): Promise<Result<number | undefined, "not-running">>;
  /** The id; the error is a sentence and whether trying again may help. */
  submit(message: LocalMessage): Promise<Result<{ id: string; running: boolean }, SubmitFault>>;
}

/** Never throws for a daemon that is down; throws a plain Error for one that refuses. */
export function daemonQueue(config: Config): OperatorQueue {
  const ask = async (call: ControlRequest): Promise<Result<unknown, ControlFault>> =>
    await askDaemon(controlSocketPath(config.data_dir), call);
  return {
    ...queueView(config),
    async operate(filter, operation) {
      const query = filterQuery(filter);
      query.set("operation", operation);
      const answer = await ask({ method: "POST", path: "queue", query });
      if (answer.ok) return ok((answer.value as { destinations: number }).destinations);
      const fault = answer.error;
      if (fault.kind === "not-running") return err("not-running");
      if (fault.kind === "refused" && fault.status === 404) return ok(undefined);
      throw new Error(faultText(fault, config));
    },
    async submit(message) {
      const query = localMessageQuery(message);
      const answer = await ask({ method: "POST", path: "messages", query, body: message.content });
      if (answer.ok) return ok({ id: (answer.value as { id: string }).id, running: true });
      if (answer.error.kind === "refused") return err(refusal(answer.error));
      return await unlessRunning(config, answer.error, async (store) => await submitTo(store, config, message));
    },
  };
}

async function submitTo(store: Store, config: Config, message: LocalMessage): ReturnType<OperatorQueue["submit"]> {
  const srs = srsSecrets(config, systemRandom);
  const taken = await injectInto({
    config: () => config,
    store,
    clock: systemClock,
    rules: directory(config),
    srs: () => srs,
    newId: () => newQueueId(systemClock, systemRandom),
  })(message);
  return taken.ok
    ? ok({ id: taken.value.id, running: false })
    : err({ text: taken.error.text, again: taken.error.code < 500 });
}

async function unlessRunning<T>(config: Config, fault: ControlFault, work: (store: Store) => Promise<T>): Promise<T> {
  if (fault.kind !== "not-running") throw new Error(faultText(fault, config));
  // What root writes here, the daemon could not open later.
  const dropped = dropPrivileges(config.user);
  if (!dropped.ok) throw new Error(dropped.error);
  let store: Store;
  try {
    store = await openShard(config.data_dir, 0, { clock: systemClock, random: systemRandom, patience: 0 });
  } catch (error) {
    if (error instanceof StoreError)
      throw new Error(`Cannot open the queue in ${config.data_dir}: ${error.message}`, { cause: error });
    throw error;
  }
  await using _store = store;
  return await work(store);
}
