import type { Clock, Instant, Millis } from "../base/mod.ts";
import { publish } from "../observe/mod.ts";
import type { Drained } from "./control_api.ts";
import type { PausableStore } from "./pause_sending.ts";
import type { PauseBook } from "./pauses.ts";

export interface DrainParts {
  readonly clock: Clock;
  readonly store: Pick<PausableStore, "nextDue" | "underWay">;
  readonly pauses: PauseBook;
}

export interface Drain extends Disposable {
  /** See `Operator.drain`; a second call may set another time. */
  start(until?: Instant): Promise<Drained>;
}

/** Takes no more mail, and finds out when nothing that may be sent is due or under way. Disposing ends the wait. */
export function drainOf({ clock, store, pauses }: DrainParts): Drain {
  const ended = Promise.withResolvers<Drained>();
  let timer: Disposable | undefined;
  let deadline = Infinity;
  let over = false;
  const end = (how: Drained): void => {
    over = true;
    timer?.[Symbol.dispose]();
    ended.resolve(how);
  };
  const look = async (): Promise<void> => {
    const quiet = await isQuiet(store, clock).catch((error: unknown) => {
      publish("hopseal:fault", { where: "drain", text: String(error) });
      return false;
    });
    if (over) return;
    if (quiet) end("empty");
    else if (clock.now() >= deadline) end("late");
    else timer = clock.after(LOOK_AGAIN, () => void look());
  };
  return {
    start(until = Infinity) {
      deadline = until;
      if (!pauses.draining) {
        pauses.drain();
        void look();
      }
      return ended.promise;
    },
    [Symbol.dispose]: () => end("stopped"),
  };
}

/** What is settled may have enqueued a notice, so what is due is asked last. */
async function isQuiet(store: DrainParts["store"], clock: Clock): Promise<boolean> {
  if (store.underWay() > 0) return false;
  const due = await store.nextDue();
  return store.underWay() === 0 && (due === undefined || due > clock.now());
}

const LOOK_AGAIN: Millis = 250;
