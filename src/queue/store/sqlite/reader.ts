import { existsSync } from "node:fs";
import { type Clock, systemClock, systemRandom } from "../../../base/mod.ts";
import type { Store } from "../../port.ts";
import { openBodyFolder } from "./bodies.ts";
import { runCall } from "./calls.ts";
import { systemFiles } from "./files.ts";
import { BODIES, DATABASE } from "./open.ts";
import type { Call } from "./protocol.ts";
import { openShardReadOnly, totalsOf } from "./shard.ts";
import { createSqliteStore } from "./store.ts";
import type { Thread } from "./thread.ts";

/** What may be asked of a queue that nobody serves. */
export type QueueReader = Pick<Store, "list" | "show" | "openBody" | "count" | "tallies"> & AsyncDisposable;

/**
 * Opens a shard to look at it while no daemon runs: no lease ends, no file is removed, no schema is migrated. Throws
 * StoreError when a process has it open, when it is damaged, or of another schema; undefined when there is none yet.
 */
export function openSqliteReader(options: {
  readonly directory: string;
  readonly clock: Pick<Clock, "now">;
}): QueueReader | undefined {
  const { directory, clock } = options;
  const path = `${directory}/${DATABASE}`;
  if (!existsSync(path)) return undefined;
  const shard = openShardReadOnly(path);
  const thread: Thread = {
    files: [],
    totals: () => totalsOf(shard),
    call: (name, request) =>
      new Promise((resolve) => resolve(runCall(shard, { name, ...request } as unknown as Call) as never)),
    close() {
      shard.db[Symbol.dispose]();
      return Promise.resolve();
    },
  };
  const patience = { timer: systemClock, stalled: PATIENCE, lost: PATIENCE };
  const bodies = openBodyFolder(`${directory}/${BODIES}`, { files: systemFiles, random: systemRandom, patience });
  return createSqliteStore({ thread, bodies, smallBody: 0, clock });
}

/** An operator can wait, or end the program. */
const PATIENCE = 3_600_000;
