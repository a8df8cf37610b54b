import type { Socket } from "node:net";
import type { Bytes } from "../../base/mod.ts";
import { startLog } from "../../observe/io/mod.ts";
import { type Door, startDaemon, type Worker } from "../compose.ts";
import type { KeyTexts, ParentCalls, WorkerCalls, WorkerOrder } from "./calls.ts";
import { PATIENCE } from "./patience.ts";
import type { Rpc } from "./rpc.ts";

export interface ServedWorker {
  readonly calls: WorkerCalls;
  accept(door: Door, socket: Socket): void;
  /** The parent is gone: drains. */
  orphaned(): Promise<void>;
}

/** What a worker does when its parent asks; `exit` is called when it has stopped and said so. */
export function workerCalls(parent: Rpc<ParentCalls>, exit: () => void): ServedWorker {
  let worker: Worker | undefined;
  let log: Disposable | undefined;
  let keys: KeyTexts = new Map();
  let stopped: Promise<void> | undefined;
  const running = (): Worker => {
    if (worker === undefined) throw new Error("The worker has not started");
    return worker;
  };
  const stop = (): Promise<void> => {
    stopped ??= (worker?.stop() ?? Promise.resolve()).finally(() => log?.[Symbol.dispose]());
    return stopped;
  };
  const readText = async (path: string): Promise<string> => {
    const text = keys.get(path);
    if (text === undefined) throw new Error("the parent has not read it");
    return text;
  };
  const admission = {
    enter: async (address: string) => await parent.call.enter(address),
    leave: (address: string) => parent.tell.leave(address),
  };
  return {
    accept: (door, socket) => running().accept(door, socket),
    orphaned: stop,
    calls: {
      async start(order: WorkerOrder) {
        const { config, number, workers } = order;
        keys = order.keys;
        log = startLog({ ...config.log, hostname: config.hostname, worker: number, shared: true });
        const place = { number, workers, patience: PATIENCE, parent: { readText, admission } };
        const started = await startDaemon(config, {}, place);
        if (!started.ok) throw new Error(started.error);
        worker = started.value;
      },
      adopt: async (shard) => await running().adopt(shard),
      giveBack: async (shard) => await running().giveBack(shard),
      async reload(config, renewed) {
        keys = renewed;
        return await running().reload(config);
      },
      async stop() {
        try {
          await stop();
        } finally {
          // Not before the answer has been sent; what could not be ended well, such as a log that nobody reads, ends so.
          setImmediate(exit);
        }
      },
      ...operatorCalls(() => running().operator),
    },
  };
}

type OperatorCalls = Omit<WorkerCalls, "start" | "adopt" | "giveBack" | "reload" | "stop">;

/** Content is read chunk by chunk, when the parent asks for the next. */
function operatorCalls(operator: () => Worker["operator"]): OperatorCalls {
  const streams = new Map<number, AsyncIterator<Bytes>>();
  let serial = 0;
  return {
    status: async () => await operator().status(),
    list: async (query) => await operator().list(query),
    show: async (id) => await operator().show(id),
    operate: async (filter, operation) => await operator().operate(filter, operation),
    tallies: async (day) => await operator().tallies(day),
    pause: async (change) => await operator().pause(change),
    resume: async (change) => await operator().resume(change),
    metrics: async () => await operator().metrics(),
    readiness: async () => await operator().readiness(),
    drain: async (until) => await operator().drain(until),
    submit: async (message) => await operator().submit(message),
    async openContent(id) {
      const found = await operator().content(id);
      if (found === undefined) return undefined;
      const stream = ++serial;
      streams.set(stream, found.content[Symbol.asyncIterator]());
      return { size: found.size, stream };
    },
    async readContent(stream) {
      const next = await streams.get(stream)?.next();
      if (next !== undefined && next.done !== true) return next.value;
      streams.delete(stream);
      return undefined;
    },
    async closeContent(stream) {
      const open = streams.get(stream);
      streams.delete(stream);
      await open?.return?.();
    },
  };
}
