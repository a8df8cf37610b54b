import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Clock, type Millis, type Random, sleep } from "../base/mod.ts";
import { publish } from "../observe/mod.ts";
import { type Store, StoreError } from "../queue/mod.ts";
import { openSqliteStore, openedElsewhere, type RoomBounds } from "../queue/store/mod.ts";
import { StartFailure } from "./seams.ts";

export interface ShardParts {
  readonly clock: Clock;
  readonly random: Random;
  /** How long to wait when another process has it open. */
  readonly patience: Millis;
  /** How far new mail may fill it; default none. */
  readonly bounds?: RoomBounds;
}

/** The folder of one shard of the queue. */
export function shardPath(dataDir: string, number: number): string {
  return join(dataDir, `shard-${number}`);
}

/** The shards that are on disk, in order. */
export function shardsOnDisk(dataDir: string): readonly number[] {
  let names: readonly string[];
  try {
    names = readdirSync(dataDir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const numbers = names.flatMap((name) => SHARD.exec(name)?.[1] ?? []);
  return numbers.map(Number).sort((left, right) => left - right);
}

/** Makes the data directory, for its owner alone. Throws a StartFailure. */
export function prepareDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    chmodSync(dataDir, 0o700);
  } catch (error) {
    throw new StartFailure(`Cannot use data_dir ${dataDir}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * Opens a shard. One that another process has open is waited for: a worker that has lost its parent may need a moment to
 * end. Rejects with StoreError.
 */
export async function openShard(dataDir: string, number: number, parts: ShardParts): Promise<Store> {
  const { clock, random, patience, bounds } = parts;
  const bound = bounds === undefined ? {} : { bounds };
  const directory = shardPath(dataDir, number);
  const end = clock.monotonic() + patience;
  for (let told = false; ; ) {
    try {
      return await openSqliteStore({ directory, clock, random, ...bound });
    } catch (error) {
      if (!(error instanceof StoreError) || !openedElsewhere(error) || clock.monotonic() >= end) throw error;
      if (!told) publish("hopseal:fault", { where: "queue", text: `${error.message}; waiting for it to end` });
      told = true;
      await sleep(clock, LOOK_AGAIN);
    }
  }
}

const SHARD = /^shard-(\d{1,4})$/;
const LOOK_AGAIN: Millis = 500;
