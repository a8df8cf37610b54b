import type { Bytes } from "../../base/mod.ts";
import type { Config } from "../../config/mod.ts";
import type { Status } from "../../status/mod.ts";
import type { Operator } from "../control_api.ts";

/** Text of the files of `[[certificate]]` by path, which only the parent may be able to read. */
export type KeyTexts = ReadonlyMap<string, string>;

/** What a worker is told when it is born. */
export interface WorkerOrder {
  readonly number: number;
  /** How many there are; limits are divided by it. */
  readonly workers: number;
  readonly config: Config;
  readonly keys: KeyTexts;
}

/** What a worker does for its parent. A connection comes beside these, as it is no value that can be cloned. */
export interface WorkerCalls extends Omit<Operator, "content"> {
  /** Opens its shard and serves; resolves when it is ready, rejects with what could not be had. */
  start(order: WorkerOrder): Promise<void>;
  /** Delivers from another shard too, and takes nothing into it. */
  adopt(shard: number): Promise<void>;
  /** Ends that, and closes the shard; the attempts under way come to their end before. */
  giveBack(shard: number): Promise<void>;
  reload(config: Config, keys: KeyTexts): Promise<readonly string[]>;
  /** Drains; the process ends after the answer. */
  stop(): Promise<void>;
  openContent(id: string): Promise<{ readonly size: number; readonly stream: number } | undefined>;
  /** The next chunk; undefined at the end, after which there is no need to close. */
  readContent(stream: number): Promise<Bytes | undefined>;
  closeContent(stream: number): Promise<void>;
}

/** What a parent does for its workers. */
export interface ParentCalls {
  /** Asks whether a client may be served; see `Admission`. */
  enter(address: string): Promise<Status | undefined>;
  leave(address: string): void;
  /** So many connections that were handed over have ended. */
  ended(count: number): void;
  /** It is alive. */
  beat(): void;
}
