import { parentPort, workerData } from "node:worker_threads";
import { StoreError } from "../../port.ts";
import { runGroup, tidyLog } from "./group.ts";
import type { Fault, FromWorker, ToWorker, WorkerOptions } from "./protocol.ts";
import { filedMessages, openShard, type Shard, totalsOf } from "./shard.ts";

/** The thread that owns the database: it takes groups of calls and answers each group as a whole. */
function serve(): void {
  const { path, now } = workerData as WorkerOptions;
  let shard: Shard;
  try {
    shard = openShard(path, now);
    send({ kind: "opened", files: filedMessages(shard), totals: totalsOf(shard) });
  } catch (error) {
    send({ kind: "refused", fault: openFault(path, error) });
    return;
  }
  parentPort?.on("message", (message: ToWorker) => {
    if (message.kind === "group") {
      const { outcomes, transfer } = runGroup(shard, message.calls);
      send({ kind: "answers", outcomes, faults: shard.faults.splice(0), totals: totalsOf(shard) }, transfer);
      return;
    }
    if (message.kind === "tidy") {
      tidyLog(shard);
      return;
    }
    try {
      shard.db[Symbol.dispose]();
    } finally {
      send({ kind: "closed" });
      parentPort?.close();
    }
  });
}

function openFault(path: string, error: unknown): Fault {
  if (error instanceof StoreError) return { kind: error.kind, text: error.message };
  return {
    kind: "io",
    text: `Cannot open the shard ${path}: ${error instanceof Error ? error.message : String(error)}`,
  };
}

function send(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

serve();
