import { systemClock } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import type { Store, TallyEntry } from "../queue/mod.ts";
import { StoreError } from "../queue/mod.ts";
import { controlSocketPath } from "./control_api.ts";
import { askDaemon } from "./control_client.ts";
import { faultText } from "./control_fault.ts";
import { dropPrivileges } from "./privileges.ts";
import { openReaders } from "./shards_offline.ts";

export type Tallied = Awaited<ReturnType<Store["tallies"]>>;

/** What was counted, of one day or of all: from the running daemon, or from the files while none runs. Throws an Error for people. */
export async function daemonTallies(config: Config, day?: string): Promise<Tallied> {
  const query = new URLSearchParams(day === undefined ? {} : { day });
  const answer = await askDaemon(controlSocketPath(config.data_dir), { method: "GET", path: "tallies", query });
  if (answer.ok) return (answer.value as { tallies: (TallyEntry & { count: number })[] }).tallies;
  if (answer.error.kind !== "not-running") throw new Error(faultText(answer.error, config));
  // SQLite may leave files of its own beside the queue, which the daemon must be able to open.
  const dropped = dropPrivileges(config.user);
  if (!dropped.ok) throw new Error(dropped.error);
  try {
    await using reader = openReaders(config.data_dir, systemClock);
    // Undefined when nothing was ever queued.
    return (await reader?.tallies(day)) ?? [];
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new Error(`Cannot open the queue in ${config.data_dir}: ${error.message}`, { cause: error });
  }
}
