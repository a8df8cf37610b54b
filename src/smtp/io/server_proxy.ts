import type { Socket } from "node:net";
import { type Clock, err, type Millis, ok, type Result } from "../../base/mod.ts";
import { type ProxyHeader, proxyDecoder } from "../grammar/mod.ts";

/**
 * Reads the header that a proxy owes on a connection before anything else. What comes behind it stays in the socket, which
 * is paused then. undefined: the connection ended without a word, as a check of the proxy's own does; an error says what
 * is wrong, and the connection is to be closed.
 */
export function readProxyHeader(socket: Socket, clock: Clock): Promise<Result<ProxyHeader, string> | undefined> {
  return new Promise((resolve) => {
    const decoder = proxyDecoder();
    const finish = (read: Result<ProxyHeader, string> | undefined): void => {
      timer[Symbol.dispose]();
      socket.off("data", take).off("end", ended).off("close", ended);
      socket.pause();
      resolve(read);
    };
    const take = (chunk: Buffer): void => {
      const step = decoder.push(chunk);
      if (step.kind === "need-more") return;
      finish(step.kind === "header" ? ok(step.header) : err(step.text));
      if (step.kind === "header" && step.rest.length > 0) socket.unshift(step.rest);
    };
    const ended = (): void =>
      finish(decoder.buffered === 0 ? undefined : err("the connection ended inside the header"));
    const timer = clock.after(HEADER_TIME, () => finish(err("the header did not come in time")));
    socket.on("data", take).on("end", ended).on("close", ended);
  });
}

/** A proxy sends its header with its first segment. */
const HEADER_TIME: Millis = 5000;
