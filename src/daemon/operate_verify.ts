import type { Config } from "../config/mod.ts";
import { StoreError } from "../queue/mod.ts";
import type { StoreReport } from "../queue/store/mod.ts";
import { dropPrivileges } from "./privileges.ts";
import { verifyShards } from "./shards_offline.ts";

/**
 * Reads the whole queue while no daemon runs; undefined when nothing was ever queued. Throws an Error for people to read,
 * above all when the daemon has the queue open.
 */
export async function verifyQueue(config: Config, repair: boolean): Promise<StoreReport | undefined> {
  const dropped = dropPrivileges(config.user);
  if (!dropped.ok) throw new Error(dropped.error);
  try {
    return await verifyShards(config.data_dir, repair);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new Error(`Cannot verify the queue in ${config.data_dir}: ${error.message}`, { cause: error });
  }
}
