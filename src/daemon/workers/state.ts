import type { Socket } from "node:net";
import type { Clock, Millis } from "../../base/mod.ts";
import { publish } from "../../observe/mod.ts";
import type { Door } from "../compose.ts";
import type { WorkerOrder } from "./calls.ts";
import type { WorkerProcess } from "./worker_process.ts";

export interface CrewParts {
  readonly clock: Clock;
  readonly count: number;
  /** Shards that are there beyond those of the workers. */
  readonly leftovers: readonly number[];
  /** Starts a process for the worker of that number; `beat` is to be called when it says that it is alive. */
  readonly spawn: (number: number, beat: () => void) => WorkerProcess;
  /** What a worker that is born now is told. */
  readonly order: (number: number) => WorkerOrder;
  /** Ends all of them now. */
  readonly hard?: AbortSignal;
  /** A worker is ready to serve. */
  readonly ready?: (worker: ReadyWorker) => void;
  /** A worker is dead; what it held of others is free. */
  readonly died?: (number: number) => void;
}

/** One of the workers, over all its lives. */
export interface Member {
  readonly number: number;
  state: "starting" | "ready" | "down";
  process?: WorkerProcess;
  /** It has been ready once. */
  begun: boolean;
  /** Those that it delivers from. */
  shards: Set<number>;
  readySince: Millis;
  /** In a row, each soon after the start. */
  deaths: number;
  /** Looks at it since it was last heard of. */
  silent: number;
  /** For the next start. */
  timer?: Disposable;
}

export type ReadyWorker = Member & { readonly process: WorkerProcess };

export interface State {
  readonly parts: CrewParts;
  readonly members: readonly Member[];
  /** Shards in nobody's hands. */
  readonly orphans: Map<number, Orphan>;
  /** The next try for each of them. */
  readonly tries: Map<number, Disposable>;
  /** Those that a worker has been asked to take and has not answered for; resolves with its answer. */
  readonly adopting: Map<number, Promise<void>>;
  readonly waiting: { readonly door: Door; readonly socket: Socket }[];
  /** Called when something has changed. */
  readonly listeners: Set<() => void>;
  /** Who got the last connection. */
  last: number;
  stopping: boolean;
}

/** A shard in nobody's hands. */
export interface Orphan {
  readonly shard: number;
  /** On the monotonic clock. */
  readonly notBefore: Millis;
}

/** Those who serve now. */
export function readyOf({ members }: State): readonly ReadyWorker[] {
  return members.filter((member): member is ReadyWorker => member.state === "ready");
}

/** Tells whoever waits for somebody. */
export function changed(state: State): void {
  for (const listener of state.listeners) listener();
}

export function tell(text: string): void {
  publish("hopseal:fault", { where: "workers", text });
}
