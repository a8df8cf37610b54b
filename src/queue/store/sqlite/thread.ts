import { Worker } from "node:worker_threads";
import { StoreError } from "../../port.ts";
import { CLOSED, createLine, errorOf } from "./line.ts";
import type { Patience } from "./patience.ts";
import type { Calls, CallName, FromWorker, Totals, ToWorker, WorkerOptions } from "./protocol.ts";

/** The parent's end of the thread that owns the database. */
export interface Thread {
  /** Ids of messages whose content is in a file, as found at opening. */
  readonly files: readonly string[];
  /** What the shard holds, as of the last answer. */
  readonly totals: () => Totals;
  /** Joins the next group; resolves when that group's transaction is durable. */
  call<N extends CallName>(
    name: N,
    request: Calls[N]["request"],
    transfer?: readonly ArrayBuffer[],
  ): Promise<Calls[N]["answer"]>;
  /** Brings the log into the database, soon. */
  tidy?(): void;
  /** Ends the thread after what is under way; calls after that are refused. */
  close(): Promise<void>;
}

/** Starts the thread and opens the database in it; rejects with StoreError. */
export async function startThread(options: WorkerOptions, patience: Patience): Promise<Thread> {
  const worker = new Worker(WORKER, { workerData: options, name: "hopseal-shard" });
  const opened = await opening(worker);
  const post = (message: ToWorker, transfer: ArrayBuffer[] = []): void => worker.postMessage(message, transfer);
  const line = createLine(post, patience);
  const finished = Promise.withResolvers<void>();
  let { totals } = opened;
  const end = (fault: Parameters<typeof line.end>[0]): void => {
    line.end(fault);
    finished.resolve();
  };
  worker.on("message", (message: FromWorker) => {
    if (message.kind === "closed") end(CLOSED);
    if (message.kind !== "answers") return;
    ({ totals } = message);
    line.answered(message);
  });
  worker.on("error", (error: Error) => end({ kind: "io", text: `The store's thread failed: ${error.message}` }));
  worker.on("exit", () => end({ kind: "io", text: "The store's thread ended" }));
  return {
    files: opened.files,
    totals: () => totals,
    call: (name, request, transfer = []) => line.call(name, request, transfer),
    tidy: () => post({ kind: "tidy" }),
    async close() {
      line.close();
      await finished.promise;
      await worker.terminate();
    },
  };
}

/** What the thread says of the shard when it has opened it. */
function opening(worker: Worker): Promise<Extract<FromWorker, { kind: "opened" }>> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => reject(new StoreError("io", `Cannot start the store: ${error.message}`));
    worker.once("error", refuse);
    worker.once("message", (message: FromWorker) => {
      worker.off("error", refuse);
      if (message.kind === "opened") resolve(message);
      if (message.kind === "refused") reject(errorOf(message.fault));
    });
  });
}

/** TypeScript from a checkout, JavaScript after a build. */
const WORKER = import.meta.url.endsWith(".ts")
  ? new URL("./worker.ts", import.meta.url)
  : new URL("./worker.js", import.meta.url);
