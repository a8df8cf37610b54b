import { err, ok, type Result, systemClock, systemRandom, unreachable } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import { isQueueId, newQueueId, type Store, StoreError } from "../queue/mod.ts";
import { openSqliteStore } from "../queue/store/mod.ts";
import type { LocalMessage } from "../submission/mod.ts";
import { shardOf } from "./compose.ts";
import { askDaemon, type ControlFault, type ControlRequest } from "./control_client.ts";
import { controlSocketPath } from "./control_api.ts";
import { localMessageQuery, type MessageJson, messageJson } from "./control_json.ts";
import { directory, injectInto } from "./inject.ts";
import { dropPrivileges } from "./privileges.ts";

/** The queue as an operator reaches it: through the running daemon, or in the files themselves while none runs. */
export interface OperatorQueue {
  list(limit: number): Promise<readonly MessageJson[]>;
  show(id: string): Promise<MessageJson | undefined>;
  /** Tries it again now; how many destinations that touches, or undefined when there is no such message. */
  release(id: string): Promise<number | undefined>;
  /** The id; the error is a sentence and whether trying again may help. */
  submit(message: LocalMessage): Promise<Result<{ id: string; running: boolean }, SubmitFault>>;
}

export interface SubmitFault {
  readonly text: string;
  readonly again: boolean;
}

/** Never throws for a daemon that is down; throws a plain Error for one that refuses. */
export function daemonQueue(config: Config): OperatorQueue {
  const ask = async (call: ControlRequest): Promise<Result<unknown, ControlFault>> =>
    await askDaemon(controlSocketPath(config.data_dir), call);
  return {
    async list(limit) {
      const answer = await ask({ method: "GET", path: "queue", query: new URLSearchParams({ limit: String(limit) }) });
      if (answer.ok) return (answer.value as { messages: MessageJson[] }).messages;
      return await unlessRunning(config, answer.error, async (store) => (await store.list({ limit })).map(messageJson));
    },
    async show(id) {
      const answer = await ask({ method: "GET", path: `queue/${encodeURIComponent(id)}` });
      if (answer.ok) return (answer.value as { message: MessageJson }).message;
      if (answer.error.kind === "refused" && answer.error.status === 404) return undefined;
      return await unlessRunning(config, answer.error, async (store) => {
        const found = await store.show(id as Parameters<Store["show"]>[0]);
        return found === undefined ? undefined : messageJson(found);
      });
    },
    async release(id) {
      const answer = await ask({ method: "POST", path: `queue/${encodeURIComponent(id)}` });
      if (answer.ok) return (answer.value as { destinations: number }).destinations;
      if (answer.error.kind === "refused" && answer.error.status === 404) return undefined;
      return await unlessRunning(config, answer.error, async (store) =>
        isQueueId(id) && (await store.show(id)) !== undefined ? await store.release(id, systemClock.now()) : undefined,
      );
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
  const taken = await injectInto({
    config,
    store,
    clock: systemClock,
    rules: directory(config),
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
    store = await openSqliteStore({ directory: shardOf(config), clock: systemClock, random: systemRandom });
  } catch (error) {
    if (error instanceof StoreError)
      throw new Error(`Cannot open the queue in ${config.data_dir}: ${error.message}`, { cause: error });
    throw error;
  }
  await using _store = store;
  return await work(store);
}

function faultText(fault: Exclude<ControlFault, { kind: "not-running" }>, config: Config): string {
  switch (fault.kind) {
    case "not-allowed":
      return `You may not use the control socket in ${config.data_dir}`;
    case "refused":
      return refusal(fault).text;
    case "broken":
      return `The daemon does not answer: ${fault.detail}`;
    default:
      return unreachable(fault);
  }
}

function refusal(fault: Extract<ControlFault, { kind: "refused" }>): SubmitFault {
  const said = (fault.body as { error?: unknown }).error;
  return { text: typeof said === "string" ? said : `The daemon answered ${fault.status}`, again: fault.status === 503 };
}
