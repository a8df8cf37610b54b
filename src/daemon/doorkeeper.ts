import type { ListenConfig } from "../config/mod.ts";
import type { Reception } from "../smtp/server/mod.ts";
import { statusOf } from "../status/mod.ts";

export interface Doorkeeper {
  /** The reception of a listener; clients that come before `open` wait for their greeting. */
  readonly reception: (role: ListenConfig["role"]) => Reception;
  /** May be called again, to let a changed configuration into force for the next client and the next message. */
  readonly open: (make: (role: ListenConfig["role"]) => Reception) => void;
  /** Turns away those who wait, as the start failed; nothing after `open`. */
  readonly shut: () => void;
}

/** Lets ports be bound while the program still has root, and clients in only when mail can be taken. */
export function doorkeeper(): Doorkeeper {
  let make: ((role: ListenConfig["role"]) => Reception) | undefined;
  const opened = Promise.withResolvers<void>();
  const receptionOf = (role: ListenConfig["role"]): Reception => {
    let real: Reception | undefined;
    let made: typeof make;
    const inside = (): Reception => {
      if (made !== make) real = make?.(role);
      made = make;
      if (real === undefined) throw new Error("A client was let in before the door was open");
      return real;
    };
    return {
      connected: (peer) =>
        make === undefined
          ? opened.promise.then(() => (make === undefined ? statusOf("shutting-down") : inside().connected(peer)))
          : inside().connected(peer),
      mail: (peer, request) => inside().mail(peer, request),
    };
  };
  return {
    reception: receptionOf,
    open(maker) {
      make = maker;
      opened.resolve();
    },
    shut: () => opened.resolve(),
  };
}
