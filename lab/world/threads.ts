import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Worker } from "node:worker_threads";
import type { LabClock } from "./clock.ts";

/**
 * Holds time while a thread of the program works. Nothing of it is seen on this side of the thread: a slow disk under the
 * queue would else look as if nothing happened any more.
 */
export function watchThreads(clock: Pick<LabClock, "hold">): Disposable {
  const started = (event: unknown): void => watch((event as { readonly worker: Worker }).worker, clock);
  subscribe(CHANNEL, started);
  return { [Symbol.dispose]: () => void unsubscribe(CHANNEL, started) };
}

/** A group of calls is answered by one message; other messages ask for nothing back. */
function watch(worker: Worker, clock: Pick<LabClock, "hold">): void {
  const holds: Disposable[] = [];
  const post = worker.postMessage.bind(worker);
  worker.postMessage = (message: unknown, transfer?: Parameters<typeof post>[1]) => {
    if (isKind(message, "group")) holds.push(clock.hold());
    post(message, transfer);
  };
  worker.on("message", (message: unknown) => {
    if (isKind(message, "answers")) holds.shift()?.[Symbol.dispose]();
  });
  worker.on("exit", () => {
    for (const hold of holds.splice(0)) hold[Symbol.dispose]();
  });
}

function isKind(message: unknown, kind: string): boolean {
  return typeof message === "object" && message !== null && "kind" in message && message.kind === kind;
}

/** Node.js tells of every thread that starts. */
const CHANNEL = "worker_threads";
