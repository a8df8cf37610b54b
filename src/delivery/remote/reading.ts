import { type Store, StoreError } from "../../queue/mod.ts";

/** A store that remembers whether a content that was read from it is damaged. */
export interface Reading {
  readonly store: Store;
  /** What is wrong with the content; undefined while nothing is known to be. */
  readonly damage: () => StoreError | undefined;
}

export function watchReading(store: Store): Reading {
  let damage: StoreError | undefined;
  return {
    store: {
      ...store,
      async *openBody(id, start) {
        try {
          yield* store.openBody(id, start);
        } catch (error) {
          if (error instanceof StoreError && error.kind === "corrupt") damage ??= error;
          throw error;
        }
      },
    },
    damage: () => damage,
  };
}
