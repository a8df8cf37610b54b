import { connect, isIP, type NetConnectOpts } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock, Millis } from "../../base/mod.ts";
import type { Target } from "../client/mod.ts";

/** Opens a connection to the target; rejects with an Error that says why there is none. */
export type Dial = (target: Target, signal: AbortSignal) => Promise<Duplex>;

export interface DialOptions {
  readonly clock: Clock;
  /** Local addresses to dial from, at most one of each family. */
  readonly source?: readonly string[];
  readonly deadline?: Millis;
}

/** Dials over TCP, or a unix socket where the target has a path; the address is an IP address, so that no name is ever looked up here. */
export function tcpDialer(options: DialOptions): Dial {
  const deadline = options.deadline ?? CONNECT_DEADLINE;
  return (target, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const socket = connect(placeOf(target, options));
      const fail = (error: Error): void => {
        stop();
        socket.on("error", () => undefined).destroy();
        reject(error);
      };
      const onAbort = (): void => fail(new Error("the attempt was called off"));
      const onConnect = (): void => {
        stop();
        resolve(socket);
      };
      const timer = options.clock.after(deadline, () => {
        fail(new Error(`no connection to ${nameOf(target)} within ${deadline / 1000} s`));
      });
      const stop = (): void => {
        timer[Symbol.dispose]();
        signal.removeEventListener("abort", onAbort);
        socket.off("connect", onConnect).off("error", fail);
      };
      socket.on("connect", onConnect).on("error", fail);
      signal.addEventListener("abort", onAbort, { once: true });
    });
}

function placeOf(target: Target, { source }: DialOptions): NetConnectOpts {
  if (target.path !== undefined) return { path: target.path };
  const family = isIP(target.address);
  if (family === 0) throw new Error(`${JSON.stringify(target.address)} is no IP address`);
  const localAddress = source?.find((address) => isIP(address) === family);
  return {
    host: target.address,
    port: target.port,
    noDelay: true,
    ...(localAddress === undefined ? {} : { localAddress }),
  };
}

function nameOf({ path, address, port }: Target): string {
  return path === undefined ? `${address} port ${port}` : `the socket ${path}`;
}

const CONNECT_DEADLINE: Millis = 30_000;
