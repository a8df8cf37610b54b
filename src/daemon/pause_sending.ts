import type { Clock, Instant } from "../base/mod.ts";
import { publish } from "../observe/mod.ts";
import type { Claim, Destination, Store, UnitId } from "../queue/mod.ts";
import type { PauseBook } from "./pauses.ts";

export interface PausableStore extends Store {
  /** Units claimed and neither settled nor given up. */
  underWay(): number;
}

/**
 * The store as delivery sees it: while sending is paused nothing is due, and nothing to a paused destination ever is. What
 * is under way goes on.
 */
export function pausableStore(store: Store, pauses: PauseBook, clock: Clock): PausableStore {
  const held = new Map<UnitId, { readonly token: number; readonly until: Instant }>();
  const hold = ({ unit, token }: Claim, until: Instant): void => void held.set(unit, { token, until });
  const without = (except: readonly Destination[] = []): readonly Destination[] =>
    pauses.now.destinations.length === 0 ? except : [...except, ...(pauses.now.destinations as readonly Destination[])];
  return {
    ...store,
    async claim(request) {
      if (pauses.now.sending) return [];
      const claims = await store.claim({ ...request, except: without(request.except) });
      for (const claim of claims) hold(claim, claim.leaseUntil);
      if (claims.length > 0) publish("hopseal:claimed", { units: claims.length });
      return claims;
    },
    async renew(claim, until) {
      const renewed = await store.renew(claim, until);
      if (renewed) hold(claim, until);
      return renewed;
    },
    async settle(claim, settlement) {
      const settled = await store.settle(claim, settlement);
      const notices = settled ? (settlement.enqueue?.length ?? 0) : 0;
      if (notices > 0) publish("hopseal:notified", { notices });
      if (held.get(claim.unit)?.token === claim.token) held.delete(claim.unit);
      return settled;
    },
    nextDue: async (except) => (pauses.now.sending ? undefined : await store.nextDue(without(except))),
    watch(listener) {
      const inner = store.watch(listener);
      const changes = pauses.watch(listener);
      return {
        [Symbol.dispose]() {
          changes[Symbol.dispose]();
          inner[Symbol.dispose]();
        },
      };
    },
    underWay() {
      const now = clock.now();
      for (const [unit, { until }] of held) if (until < now) held.delete(unit);
      return held.size;
    },
  };
}
