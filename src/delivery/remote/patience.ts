import type { Clock } from "../../base/mod.ts";
import type { Dial } from "../../smtp/io/mod.ts";
import type { DialTarget } from "../walk.ts";

/** Gives up a connection that takes longer than its target has patience for; `dial` has its own, longer deadline. */
export function patientDial(dial: Dial, clock: Clock): Dial {
  return async (target: DialTarget, signal) => {
    const { patience, address, port } = target;
    if (patience === undefined) return await dial(target, signal);
    const late = new AbortController();
    using _timer = clock.after(patience, () => late.abort());
    try {
      return await dial(target, AbortSignal.any([signal, late.signal]));
    } catch (error) {
      if (signal.aborted || !late.signal.aborted) throw error;
      throw new Error(`no connection to ${address} port ${port} within ${patience / 1000} s`, { cause: error });
    }
  };
}
