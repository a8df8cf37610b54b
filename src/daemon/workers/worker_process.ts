import { fork } from "node:child_process";
import type { Socket } from "node:net";
import type { Door } from "../compose.ts";
import type { ParentCalls, WorkerCalls } from "./calls.ts";
import { type Remote, rpc } from "./rpc.ts";

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A worker as its parent sees it. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  readonly call: Remote<WorkerCalls>;
  /** Gives it a connection that nobody has read from. */
  hand(door: Door, socket: Socket): void;
  /** Connections that it was given and that have not ended. */
  readonly active: number;
  kill(): void;
  readonly gone: Promise<Ending>;
  /** After its end: connections that it never got. */
  unserved(): readonly { readonly door: Door; readonly socket: Socket }[];
}

/** What a parent does for one worker, but for counting what it hands over. */
export type Served = Omit<ParentCalls, "ended">;

/** A connection on its way, beside which the socket travels. */
export interface Handover {
  readonly kind: "connection";
  readonly door: Door;
}

/** Starts a worker: our own entry in a process of its own, which waits for its order. */
export function startWorkerProcess(served: Served): WorkerProcess {
  const { LISTEN_FDS: passed, LISTEN_PID: _pid, LISTEN_FDNAMES: _names, ...env } = process.env;
  const child = fork(ENTRY, [], {
    env,
    execArgv: [YOUNG, ...process.execArgv],
    serialization: "advanced",
    // Sockets of a supervisor are not for workers: one that outlives its parent would keep the ports taken.
    stdio: [
      "ignore",
      "inherit",
      "inherit",
      "ipc",
      ...Array.from({ length: passedOn(passed) }, () => "ignore" as const),
    ],
  });
  const unserved = new Map<Socket, Door>();
  let active = 0;
  const ended = (count: number): void => {
    active -= count;
  };
  const link = rpc<WorkerCalls>((message) => void child.send(message, undefined, undefined, ignore), {
    ...served,
    ended,
  } satisfies ParentCalls);
  child.on("message", (message) => void link.receive(message));
  const { promise: gone, resolve } = Promise.withResolvers<Ending>();
  const end = (ending: Ending): void => {
    link.end("The worker has ended");
    resolve(ending);
  };
  child.on("exit", (code, signal) => end({ code, signal }));
  // It could not be started at all, or a message could not be sent, of which its end will tell.
  child.on("error", () => {
    if (child.pid === undefined) end({ code: null, signal: null });
  });
  return {
    pid: child.pid,
    call: link.call,
    get active() {
      return active;
    },
    hand(door, socket) {
      active++;
      unserved.set(socket, door);
      const message: Handover = { kind: "connection", door };
      // Our own end is kept until the message has left, so that a worker that dies before takes nobody with it.
      child.send(message, socket, { keepOpen: true }, (error) => {
        if (error !== null) return;
        unserved.delete(socket);
        socket.destroy();
      });
    },
    kill: () => void child.kill("SIGKILL"),
    gone,
    unserved: () => [...unserved].map(([socket, door]) => ({ door, socket })),
  };
}

function passedOn(count: string | undefined): number {
  const number = Number(count ?? 0);
  // The first lies where the channel is.
  return Number.isInteger(number) && number > 1 ? Math.min(number, MOST_PASSED) - 1 : 0;
}

function ignore(): void {
  // Its end will tell.
}

const MOST_PASSED = 64;
/** How large the part of the heap for what is new may grow, in MB: by itself it takes more than all else of a worker. */
const YOUNG = "--max-semi-space-size=4";
/** TypeScript from a checkout, JavaScript after a build. */
const ENTRY = import.meta.url.endsWith(".ts")
  ? new URL("./worker_main.ts", import.meta.url)
  : new URL("./worker_main.js", import.meta.url);
