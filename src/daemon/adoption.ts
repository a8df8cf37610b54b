import type { Store } from "../queue/mod.ts";
import type { JoinedStore } from "../queue/store/mod.ts";

export interface AdoptionParts {
  /** The number of its own shard. */
  readonly own: number;
  readonly store: JoinedStore;
  readonly open: (shard: number) => Promise<Store>;
  /** Watches the drop folder, which one process does: the one that has the first shard. */
  readonly watchDrop: () => AsyncDisposable;
}

/** The shards that a process has beside its own. Disposing ends the watch over the drop folder. */
export interface Adoption extends AsyncDisposable {
  /** Delivers from one more shard, and takes nothing into it. Rejects with StoreError. */
  adopt(shard: number): Promise<void>;
  /** Ends that; resolves when the shard is closed. */
  giveBack(shard: number): Promise<void>;
}

export function adoption({ own, store, open, watchDrop }: AdoptionParts): Adoption {
  let drop = own === 0 ? watchDrop() : undefined;
  const endDrop = async (): Promise<void> => await drop?.[Symbol.asyncDispose]();
  let turns: Promise<void> = Promise.resolve();
  /** One after the other, as they were asked for. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    turns = turns.then(work, work);
    return turns;
  };
  return {
    adopt: (shard) =>
      inTurn(async () => {
        store.add(shard, await open(shard));
        if (shard === 0) drop = watchDrop();
      }),
    giveBack: (shard) =>
      inTurn(async () => {
        if (shard === 0) await endDrop();
        await store.remove(shard);
      }),
    [Symbol.asyncDispose]: endDrop,
  };
}
