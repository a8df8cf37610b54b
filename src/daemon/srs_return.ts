import type { Clock } from "../base/mod.ts";
import type { Store } from "../queue/mod.ts";
import { type RecipientRules, returnNotices, type SrsSecrets } from "../receive/mod.ts";
import { destinationOf } from "./inject.ts";

export interface Forwarding {
  readonly rules: RecipientRules;
  readonly secrets: SrsSecrets | undefined;
}

/** The store as delivery sees it: notices that it enqueues go through our aliases, and to the senders behind rewritten ones. */
export function withReturns(store: Store, forwarding: () => Forwarding, clock: Clock): Store {
  return {
    ...store,
    settle: async (claim, settlement) =>
      await store.settle(claim, await returnNotices(settlement, { ...forwarding(), at: clock.now(), destinationOf })),
  };
}
