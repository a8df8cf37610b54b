import type { Clock, Millis } from "../../../base/mod.ts";
import { StoreError } from "../../port.ts";

/** Waits for the disk only so long. */
export interface Patience {
  readonly timer: Pick<Clock, "after" | "monotonic">;
  /** For one system call on a file, and until commits that wait behind a stalled one are refused. */
  readonly stalled: Millis;
  /** For a commit that is under way. */
  readonly lost: Millis;
}

/**
 * Resolves with what `work` does; rejects with StoreError `io` when that takes longer than the disk is given. It goes on
 * then, and `late` gets what came of it.
 */
export async function within<T>(
  { timer, stalled }: Patience,
  {
    action,
    work,
    late,
  }: { readonly action: string; readonly work: () => Promise<T>; readonly late?: (result: T) => void },
): Promise<T> {
  const over = Promise.withResolvers<never>();
  let patient = true;
  using _timer = timer.after(stalled, () => {
    patient = false;
    over.reject(new StoreError("io", `Cannot ${action}: the disk has not answered for ${stalled / 1000} s`));
  });
  const done = work();
  done.then(
    (result) => {
      if (!patient) late?.(result);
    },
    () => undefined,
  );
  return await Promise.race([done, over.promise]);
}
