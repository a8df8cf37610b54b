import type { Clock, Millis } from "../../base/mod.ts";
import type { Claim, Store } from "../../queue/mod.ts";
import { queueTimeOf } from "./queue_time.ts";
import { reportFault } from "./report.ts";

/** A claim that is kept alive until disposed. */
export interface Held extends Disposable {
  readonly claim: Claim;
  /** Ends the attempt: somebody else may have the claim, or `stop` was called. */
  readonly signal: AbortSignal;
  /** The lease could not be renewed when it was last tried, so that the claim may be offered to anybody soon, even to us. */
  readonly failing: boolean;
  stop(): void;
}

/** Renews a claim at half of its time. */
export function holdClaim(
  claim: Claim,
  options: { readonly store: Store; readonly clock: Clock; readonly lease: Millis },
): Held {
  const { store, clock, lease } = options;
  const time = queueTimeOf(clock);
  const ending = new AbortController();
  let failing = false;
  let timer: Disposable | undefined;
  let over = false;
  let until = claim.leaseUntil;
  const renew = async (): Promise<void> => {
    const next = time.now() + lease + time.slack();
    try {
      failing = !(await store.renew(claim, next));
      if (failing) return ending.abort(new Error("The lease was lost"));
      until = next;
    } catch (error) {
      failing = true;
      reportFault(`Cannot renew the lease of message ${claim.message}`, error);
      if (time.now() >= until) return ending.abort(new Error("The lease ran out"));
    }
    if (!over) arm();
  };
  const arm = (): void => {
    timer = clock.after(lease / 2, () => void renew());
  };
  arm();
  return {
    claim,
    signal: ending.signal,
    get failing() {
      return failing;
    },
    stop: () => ending.abort(new Error("Shutting down")),
    [Symbol.dispose]() {
      over = true;
      timer?.[Symbol.dispose]();
    },
  };
}
