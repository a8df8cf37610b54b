import { Worker } from "node:worker_threads";
import { publish as announce } from "../../../observe/mod.ts";
import { StoreError } from "../../port.ts";
import type { Call, Calls, CallName, Fault, FromWorker, Outcome, ToWorker, WorkerOptions } from "./protocol.ts";

/** The parent's end of the thread that owns the database. */
export interface Thread {
  /** Ids of messages whose content is in a file, as found at opening. */
  readonly files: readonly string[];
  /** Joins the next group; resolves when that group's transaction is durable. */
  call<N extends CallName>(
    name: N,
    request: Calls[N]["request"],
    transfer?: readonly ArrayBuffer[],
  ): Promise<Calls[N]["answer"]>;
  /** Ends the thread after what is under way; calls after that are refused. */
  close(): Promise<void>;
}

/** Starts the thread and opens the database in it; rejects with StoreError. */
export async function startThread(options: WorkerOptions): Promise<Thread> {
  const worker = new Worker(WORKER, { workerData: options, name: "hopseal-shard" });
  const files = await opened(worker);
  return createThread(worker, files);
}

interface Waiting {
  readonly call: Call;
  readonly transfer: readonly ArrayBuffer[];
  readonly settle: (outcome: Outcome) => void;
}

function createThread(worker: Worker, files: readonly string[]): Thread {
  let queue: Waiting[] = [];
  let flying: Waiting[] = [];
  let planned = false;
  /** When the group that is flying was sent. */
  let sent = 0;
  /** Why calls are refused. */
  let ended: Fault | undefined;
  const finished = Promise.withResolvers<void>();

  const post = (message: ToWorker, transfer: ArrayBuffer[]): void => worker.postMessage(message, transfer);
  const send = (): void => {
    planned = false;
    if (flying.length > 0) return;
    if (queue.length === 0) {
      if (ended !== undefined) post({ kind: "close" }, []);
      return;
    }
    flying = queue.splice(0, MOST_CALLS);
    sent = performance.now();
    const calls = flying.map(({ call }) => call);
    post(
      { kind: "group", calls },
      flying.flatMap(({ transfer }) => transfer),
    );
  };
  // Whatever the program does in this turn of its loop goes into one group.
  const plan = (): void => {
    if (planned || flying.length > 0) return;
    planned = true;
    setImmediate(send);
  };
  const end = (fault: Fault): void => {
    ended ??= fault;
    for (const waiting of [...flying.splice(0), ...queue.splice(0)]) waiting.settle({ ok: false, fault });
    finished.resolve();
  };
  worker.on("message", (message: FromWorker) => {
    if (message.kind === "closed") end(CLOSED);
    if (message.kind !== "answers") return;
    const answered = flying;
    const ok = message.outcomes.every((one) => one.ok || one.fault.kind === "bug");
    announce("hopseal:stored", { calls: answered.length, ok, took: performance.now() - sent });
    flying = [];
    for (const text of message.faults) announce("hopseal:fault", { where: "queue", text });
    for (const [at, outcome] of message.outcomes.entries()) answered[at]?.settle(outcome);
    plan();
  });
  worker.on("error", (error: Error) => end({ kind: "io", text: `The store's thread failed: ${error.message}` }));
  worker.on("exit", () => end({ kind: "io", text: "The store's thread ended" }));

  return {
    files,
    call(name, request, transfer = []) {
      return new Promise((resolve, reject) => {
        if (ended !== undefined) {
          reject(errorOf(ended));
          return;
        }
        const settle = (outcome: Outcome): void => {
          if (outcome.ok) resolve(outcome.answer as never);
          else reject(errorOf(outcome.fault));
        };
        queue.push({ call: { name, ...request } as Call, transfer, settle });
        plan();
      });
    },
    async close() {
      if (ended === undefined) {
        ended = CLOSED;
        plan();
      }
      await finished.promise;
      await worker.terminate();
    },
  };
}

function opened(worker: Worker): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => reject(new StoreError("io", `Cannot start the store: ${error.message}`));
    worker.once("error", refuse);
    worker.once("message", (message: FromWorker) => {
      worker.off("error", refuse);
      if (message.kind === "opened") resolve(message.files);
      if (message.kind === "refused") reject(errorOf(message.fault));
    });
  });
}

function errorOf(fault: Fault): Error {
  if (fault.kind === "bug") return new Error(`Cannot do that: ${fault.text}`);
  return new StoreError(fault.kind, fault.text, fault.id === undefined ? {} : { id: fault.id });
}

const CLOSED: Fault = { kind: "closed", text: "The queue is closed" };
/** Calls in one group; more wait for the next, so that no group holds the others up for long. */
const MOST_CALLS = 512;
/** TypeScript from a checkout, JavaScript after a build. */
const WORKER = import.meta.url.endsWith(".ts")
  ? new URL("./worker.ts", import.meta.url)
  : new URL("./worker.js", import.meta.url);
