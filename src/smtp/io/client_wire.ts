import type { Duplex } from "node:stream";
import type { Bytes, Clock, Millis } from "../../base/mod.ts";
import type { ConversationInput } from "../client/mod.ts";

/** The socket of a session and its one deadline; what happens on them becomes an input of the machine. */
export interface ClientWire {
  /** Listens to `socket` from now on. */
  take(socket: Duplex): void;
  /** Stops listening and gives the socket away, paused. */
  release(): Duplex;
  /** Writes all parts together, so that small ones share a segment or TLS record. */
  write(parts: readonly Bytes[]): void;
  /** Resolves when what was written has gone to the system, or the connection is over. */
  room(this: void): Promise<void>;
  deadline(after: Millis, what: string): void;
  noDeadline(): void;
  hangUp(politely: boolean): void;
  /** The system's or library's code for how the connection broke, e.g. ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED. */
  readonly faultCode: string | undefined;
}

export interface ClientWireOptions {
  readonly clock: Clock;
  readonly feed: (input: ConversationInput) => void;
}

export function clientWire(first: Duplex, { clock, feed }: ClientWireOptions): ClientWire {
  let socket = first;
  let timer: Disposable | undefined;
  const onData = (octets: Bytes): void => feed({ kind: "octets", octets });
  let faultCode: string | undefined;
  const onError = (error: NodeJS.ErrnoException): void => {
    faultCode = error.code;
    feed({ kind: "lost", detail: `the connection broke: ${error.message}` });
  };
  const onEnd = (): void => feed({ kind: "lost", detail: "the host closed the connection" });
  const noDeadline = (): void => {
    timer?.[Symbol.dispose]();
    timer = undefined;
  };
  const release = (): Duplex => {
    socket.pause();
    return socket.off("data", onData).off("error", onError).off("end", onEnd).off("close", onEnd);
  };
  return {
    take(next) {
      socket = next;
      socket.on("error", onError).on("end", onEnd).on("close", onEnd).on("data", onData);
      // A socket that ended while nobody listened says nothing more by itself.
      if (socket.destroyed || socket.readableEnded) process.nextTick(onEnd);
    },
    release,
    write(parts) {
      socket.cork();
      for (const part of parts) socket.write(part);
      socket.uncork();
    },
    room: () => roomIn(socket),
    deadline(after, what) {
      noDeadline();
      const detail = `waited ${Math.round(after / 1000)} s for ${what}`;
      timer = clock.after(after, () => feed({ kind: "expired", detail }));
    },
    noDeadline,
    hangUp(politely) {
      release();
      hangUp(socket, { clock, politely });
    },
    get faultCode() {
      return faultCode;
    },
  };
}

/** Ends a connection that nobody listens to any more: at once, or after what was written has gone out. */
export function hangUp(socket: Duplex, options: { readonly clock: Clock; readonly politely: boolean }): void {
  socket.on("error", () => undefined);
  if (!options.politely || socket.destroyed) {
    socket.destroy();
    return;
  }
  const linger = options.clock.after(LINGER, () => socket.destroy());
  // What the server still says is read and dropped, so that it sees an orderly end.
  socket.once("end", () => socket.destroy()).once("close", () => linger[Symbol.dispose]());
  socket.resume().end();
}

function roomIn(socket: Duplex): Promise<void> {
  if (!socket.writableNeedDrain || socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
}

/** For the last octets of a session. */
const LINGER: Millis = 5_000;
