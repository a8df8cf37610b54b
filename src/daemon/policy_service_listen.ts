import { chmodSync, rmSync, statSync } from "node:fs";
import { connect, createServer, type ListenOptions, type Server, type Socket } from "node:net";
import type { Clock, Millis } from "../base/mod.ts";
import { type AnswerLookup, serveSocketmap } from "../policy/io/mod.ts";
import { StartFailure } from "./seams.ts";

/** What a conversation needs. */
export interface LookupListening {
  readonly answer: AnswerLookup;
  readonly clock: Clock;
  readonly stop: AbortSignal;
}

/** Conversations with those who look policies up. */
export interface LookupConversations extends AsyncDisposable {
  /** Takes a connection that was accepted with `allowHalfOpen`. */
  accept(socket: Socket): void;
}

/** Answers on connections that somebody accepts; disposing, after `stop`, waits for the last replies. */
export function answerLookups({ answer, clock, stop }: LookupListening): LookupConversations {
  const conversations = new Map<Socket, Promise<void>>();
  return {
    accept(socket) {
      if (conversations.size >= MOST_CONNECTIONS) {
        socket.destroy();
        return;
      }
      const gone = serveSocketmap(socket, { answer, clock, signal: stop }).finally(() => conversations.delete(socket));
      conversations.set(socket, gone);
    },
    async [Symbol.asyncDispose]() {
      using _late = clock.after(GRACE, () => {
        for (const socket of conversations.keys()) socket.destroy();
      });
      await Promise.all(conversations.values());
    },
  };
}

/** Binds a port or the path of a socket; disposing accepts no more. Throws a StartFailure. */
export async function listenForLookups(
  where: ListenOptions,
  accept: (socket: Socket) => void,
  options: { readonly pauseOnConnect?: boolean } = {},
): Promise<AsyncDisposable & { readonly address: string }> {
  const server = createServer({ ...options, allowHalfOpen: true, noDelay: true }, accept);
  await listen(server, where);
  // Whoever may reach the folder may ask.
  if (where.path !== undefined) chmodSync(where.path, 0o666);
  const bound = server.address();
  return {
    address: typeof bound === "string" || bound === null ? String(bound) : `${bound.address}:${bound.port}`,
    [Symbol.asyncDispose]() {
      // Closing removes the socket, where the user that is left may do that; what has come in its place stays.
      server.close();
      return Promise.resolve();
    },
  };
}

/** A socket that an earlier process left behind is replaced; nothing else is, nor one at which somebody answers. */
async function listen(server: Server, where: ListenOptions): Promise<void> {
  try {
    const { path } = where;
    const leftBehind = path !== undefined && statSync(path, { throwIfNoEntry: false })?.isSocket() === true;
    if (leftBehind && !(await isAnswered(path))) rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(where, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const place = where.path ?? `${where.host}:${where.port}`;
    throw new StartFailure(`Cannot answer policy look-ups on ${place}: ${text}`, { cause: error });
  }
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once("connect", () => end(true));
    // A queue that is full refuses otherwise.
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code !== "ECONNREFUSED"));
  });
}

/** How long clients may take to read their last replies when the daemon stops. */
const GRACE: Millis = 5000;
const MOST_CONNECTIONS = 1000;
