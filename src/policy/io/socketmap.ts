import type { Socket } from "node:net";
import type { Bytes, Clock, Millis } from "../../base/mod.ts";
import { netstring, netstringDecoder } from "../postfix/netstring.ts";
import {
  formatReply,
  LONGEST_REQUEST,
  parseRequest,
  type SocketmapReply,
  type SocketmapRequest,
} from "../postfix/socketmap.ts";

/** Answers one look-up, at once where it can; never rejects. */
export type AnswerLookup = (request: SocketmapRequest) => SocketmapReply | Promise<SocketmapReply>;

export interface SocketmapOptions {
  readonly answer: AnswerLookup;
  readonly clock: Clock;
  /** Ends the conversation once what was asked is answered. */
  readonly signal: AbortSignal;
}

/**
 * Serves one connection of socketmap_table(5), which must allow half-open, until the client goes, sends what cannot be
 * read, is silent for too long, or `signal` aborts. Requests may come before replies; some are worked on at once, and all
 * are answered in order. Resolves when the connection is gone.
 */
export function serveSocketmap(socket: Socket, { answer, clock, signal }: SocketmapOptions): Promise<void> {
  const decoder = netstringDecoder(LONGEST_REQUEST);
  const replyTo = (octets: Bytes): Reply => {
    const request = parseRequest(octets);
    return request.ok ? answer(request.value) : { kind: "perm", reason: request.error };
  };
  let busy = false;
  let over = false;
  let heard = clock.monotonic();
  let idle: Disposable;

  const watch = (wait: Millis): void => {
    idle = clock.after(wait, () => {
      const left = IDLE - (clock.monotonic() - heard);
      if (left > 0) watch(left);
      else socket.destroy();
    });
  };
  const end = (): void => {
    over = true;
    if (!busy) socket.end(() => socket.destroy());
  };
  const wait = async (asked: readonly Bytes[], fault: string | undefined, begun: Reply[] = []): Promise<void> => {
    busy = true;
    socket.pause();
    await answerInOrder(socket, { asked, begun }, replyTo);
    await drained(socket);
    busy = false;
    finish(fault);
    if (!over) socket.resume();
  };
  const finish = (fault: string | undefined): void => {
    heard = clock.monotonic();
    if (fault !== undefined) {
      socket.write(netstring(formatReply({ kind: "perm", reason: fault })));
      over = true;
    }
    if (over) end();
  };
  const take = (chunk: Bytes): void => {
    const { strings, fault } = decoder.push(chunk);
    const [only] = strings;
    if (only === undefined && fault === undefined) return;
    const reply = only === undefined ? undefined : replyTo(only);
    const known = reply !== undefined && strings.length === 1 && !(reply instanceof Promise);
    // What is usual: one request, which can be answered at once.
    if (known && socket.write(netstring(formatReply(reply)))) finish(fault);
    else void wait(known ? [] : strings, fault, known || reply === undefined ? [] : [reply]);
  };

  return new Promise((resolve) => {
    watch(IDLE);
    socket.on("data", take);
    socket.on("end", end);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      idle[Symbol.dispose]();
      signal.removeEventListener("abort", end);
      resolve();
    });
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

type Reply = SocketmapReply | Promise<SocketmapReply>;

/** Works on a few at once; what is known already is written in one piece. */
async function answerInOrder(
  socket: Socket,
  { asked, begun }: { readonly asked: readonly Bytes[]; readonly begun: Reply[] },
  replyTo: (octets: Bytes) => Reply,
): Promise<void> {
  socket.cork();
  for (let at = 0; at < asked.length && !socket.destroyed; at++) {
    while (begun.length < asked.length && begun.length - at < MOST_AT_ONCE) {
      begun.push(replyTo(asked[begun.length] as Bytes));
    }
    let reply = begun[at] as Reply;
    if (reply instanceof Promise) {
      socket.uncork();
      reply = await reply;
      socket.cork();
    }
    if (!socket.write(netstring(formatReply(reply))) && at + 1 < asked.length) {
      socket.uncork();
      await drained(socket);
      socket.cork();
    }
  }
  socket.uncork();
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    if (socket.destroyed || !socket.writableNeedDrain) resolve();
    else socket.on("drain", done).on("close", done);
  });
}

/** A client that says nothing for so long is let go; Postfix itself hangs up sooner. */
const IDLE: Millis = 600_000;
/** Requests of one client that are worked on at once. */
const MOST_AT_ONCE = 32;
