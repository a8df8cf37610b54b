import type { Clock, Millis } from "../../base/mod.ts";
import type { Claim, Store } from "../../queue/mod.ts";
import { reportFault } from "./report.ts";

/** A claim that is kept alive until disposed. */
export interface Held extends Disposable {
  readonly claim: Claim;
  /** Aborted when somebody else may have the claim. */
  readonly lost: AbortSignal;
}

/** Renews a claim at half of its time. */
export function holdClaim(
  claim: Claim,
  options: { readonly store: Store; readonly clock: Clock; readonly lease: Millis },
): Held {
  const { store, clock, lease } = options;
  const lost = new AbortController();
  let timer: Disposable | undefined;
  let over = false;
  let until = claim.leaseUntil;
  const renew = async (): Promise<void> => {
    const next = clock.now() + lease;
    try {
      if (await store.renew(claim, next)) until = next;
      else return lost.abort(new Error("The lease was lost"));
    } catch (error) {
      reportFault(`Cannot renew the lease of message ${claim.message}`, error);
      if (clock.now() >= until) return lost.abort(new Error("The lease ran out"));
    }
    if (!over) arm();
  };
  const arm = (): void => {
    timer = clock.after(lease / 2, () => void renew());
  };
  arm();
  return {
    claim,
    lost: lost.signal,
    [Symbol.dispose]() {
      over = true;
      timer?.[Symbol.dispose]();
    },
  };
}
