import type { Clock, Millis } from "../../base/mod.ts";

/** One timer for one connection, however often its deadline moves. */
export interface Deadline extends Disposable {
  /** Starts `patience` anew from now; undefined waits for ever. */
  extend(patience: Millis | undefined): void;
}

export function deadline(clock: Clock, expired: () => void): Deadline {
  let due = Infinity;
  let armed: { readonly at: Millis; readonly timer: Disposable } | undefined;

  const arm = (): void => {
    const at = due;
    armed = { at, timer: clock.after(Math.max(0, at - clock.monotonic()), fire) };
  };
  const fire = (): void => {
    armed = undefined;
    if (due === Infinity) return;
    if (clock.monotonic() < due) arm();
    else {
      due = Infinity;
      expired();
    }
  };
  return {
    extend(patience) {
      due = patience === undefined ? Infinity : clock.monotonic() + patience;
      if (due === Infinity || (armed !== undefined && armed.at <= due)) return;
      armed?.timer[Symbol.dispose]();
      arm();
    },
    [Symbol.dispose]() {
      due = Infinity;
      armed?.timer[Symbol.dispose]();
      armed = undefined;
    },
  };
}
