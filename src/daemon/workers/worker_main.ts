import type { Socket } from "node:net";
import type { Millis } from "../../base/mod.ts";
import type { Door } from "../compose.ts";
import type { ParentCalls } from "./calls.ts";
import { rpc } from "./rpc.ts";
import { workerCalls } from "./worker_calls.ts";
import type { Handover } from "./worker_process.ts";

/**
 * A worker process. It does what its parent says over the channel between them, and hears of no signal; when the parent is
 * gone it drains, and ends.
 */
function serve(): void {
  const send = (message: unknown): void => {
    // Of a channel that is closed the event tells.
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  };
  const link = rpc<ParentCalls>(send, {});
  const worker = workerCalls(link, () => process.exit(0));
  const served = rpc<ParentCalls>(send, worker.calls);
  const beat = setInterval(() => link.tell.beat(), BEAT);
  let ended = 0;
  const count = (): void => {
    if (ended++ > 0) return;
    // Those of one turn of the loop together.
    setImmediate(() => {
      link.tell.ended(ended);
      ended = 0;
    });
  };
  const accept = (door: Door, socket: Socket): void => {
    socket.once("close", count);
    // The constructor of a socket that was handed over knows no such option.
    socket.allowHalfOpen = door !== "https";
    socket.setNoDelay(true);
    worker.accept(door, socket);
  };
  process.on("message", (message, handle) => {
    if (isHandover(message)) {
      // One that its client ended on the way comes without.
      if (handle === undefined) count();
      else accept(message.door, handle as Socket);
    } else if (isAnswer(message)) link.receive(message);
    else served.receive(message);
  });
  process.once("disconnect", () => {
    clearInterval(beat);
    link.end("The parent is gone");
    void worker.orphaned().finally(() => process.exit(0));
  });
  // A terminal sends them to the whole group; what they mean for us the parent says.
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => undefined);
  // It went while we were being loaded, when nobody heard of it.
  if (!process.connected) process.exit(0);
}

function isHandover(message: unknown): message is Handover {
  return typeof message === "object" && message !== null && "kind" in message && message.kind === "connection";
}

function isAnswer(message: unknown): boolean {
  const kind = typeof message === "object" && message !== null && "kind" in message ? message.kind : undefined;
  return kind === "answer" || kind === "failure";
}

const BEAT: Millis = 5000;

serve();
