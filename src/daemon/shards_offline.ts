import type { Clock } from "../base/mod.ts";
import { type QueueId, StoreError } from "../queue/mod.ts";
import { joinedView, openSqliteReader, type QueueReader, type StoreReport, verifyShard } from "../queue/store/mod.ts";
import { shardPath, shardsOnDisk } from "./shards.ts";

/** Opens every shard to look at it while no daemon runs; undefined when nothing was ever queued. Throws StoreError. */
export function openReaders(dataDir: string, clock: Pick<Clock, "now">): QueueReader | undefined {
  const readers: QueueReader[] = [];
  const close = async (): Promise<void> => {
    for (const reader of readers) await reader[Symbol.asyncDispose]();
  };
  try {
    for (const number of shardsOnDisk(dataDir)) {
      const reader = openSqliteReader({ directory: shardPath(dataDir, number), clock });
      if (reader !== undefined) readers.push(reader);
    }
  } catch (error) {
    // Nothing is under way, so this is done at once.
    void close();
    throw error;
  }
  if (readers.length === 0) return undefined;
  return {
    ...joinedView(() => readers),
    async *openBody(id, start) {
      yield* (await readerOf(readers, id)).openBody(id, start);
    },
    [Symbol.asyncDispose]: close,
  };
}

/** Verifies every shard, see `verifyShard`; undefined when nothing was ever queued. */
export async function verifyShards(dataDir: string, repair: boolean): Promise<StoreReport | undefined> {
  const reports: StoreReport[] = [];
  for (const number of shardsOnDisk(dataDir)) {
    const report = await verifyShard(shardPath(dataDir, number), repair);
    if (report !== undefined) reports.push(report);
  }
  const [first, ...rest] = reports;
  if (first === undefined) return undefined;
  return rest.reduce((sum, { messages, units, octets, findings }) => {
    return {
      messages: sum.messages + messages,
      units: sum.units + units,
      octets: sum.octets + octets,
      findings: [...sum.findings, ...findings],
    };
  }, first);
}

async function readerOf(readers: readonly QueueReader[], id: QueueId): Promise<QueueReader> {
  for (const reader of readers) if ((await reader.show(id)) !== undefined) return reader;
  throw new StoreError("io", `Message ${id} is no longer in the queue`);
}
