import { chmodSync, rmSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect, type ListenOptions } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { type Clock, err, type Millis, ok, type Result, systemClock } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import { publish } from "../observe/mod.ts";
import { type AdminAnswer, answerAdmin, type Phase, type Watched } from "./answer.ts";

/** The endpoint for metrics, health and readiness; never one of the public listeners. */
export interface Admin extends AsyncDisposable {
  /** "127.0.0.1:9125", or the path of a socket. */
  readonly addresses: readonly string[];
  /** Answers by the daemon from now on; before, it is starting. */
  open(watched: Watched): void;
  /** The daemon is stopping and is asked nothing any more. */
  stopping(): void;
}

/** Binds what `[metrics]` names, which may be nothing; the error is for the operator. */
export async function bindAdmin(config: Config, clock: Clock = systemClock): Promise<Result<Admin, string>> {
  const { address, path } = config.metrics;
  let watched: Watched | Phase = "starting";
  const delay = monitorEventLoopDelay({ resolution: 20 });
  const answer = async (request: IncomingMessage): Promise<AdminAnswer> => {
    const { method = "", url = "/", headers } = request;
    return await answerAdmin({ method, target: url, accept: headers.accept, delay: () => delayOf(delay) }, watched);
  };
  await using undo = new AsyncDisposableStack();
  const addresses: string[] = [];
  for (const where of [...(address === undefined ? [] : [address]), ...(path === undefined ? [] : [{ path }])]) {
    const bound = await bind(where, answer, clock);
    if (!bound.ok) return bound;
    undo.use(bound.value);
    addresses.push(bound.value.address);
  }
  if (addresses.length > 0) delay.enable();
  undo.defer(() => void delay.disable());
  const kept = undo.move();
  return ok({
    addresses,
    open(daemon) {
      watched = daemon;
      // Not earlier: the log is opened by the daemon.
      for (const bound of addresses) publish("hopseal:listening", { role: "metrics", address: bound, tls: "none" });
    },
    stopping: () => void (watched = "stopping"),
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  });
}

async function bind(
  where: ListenOptions,
  answer: (request: IncomingMessage) => Promise<AdminAnswer>,
  clock: Clock,
): Promise<Result<AsyncDisposable & { readonly address: string }, string>> {
  const server = createServer(LIMITS, (request, response) => {
    answer(request).then(
      (answered) => send(request, response, answered),
      (error: unknown) => {
        const body = error instanceof Error ? error.message : String(error);
        publish("hopseal:fault", { where: "metrics", text: body });
        send(request, response, { status: 500, type: "text/plain; charset=utf-8", body: `${body}\n` });
      },
    );
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.setTimeout(IDLE, (socket) => socket.destroy());
  try {
    await listen(server, where);
  } catch (error) {
    const place = where.path ?? `${where.host}:${where.port}`;
    return err(`Cannot serve metrics on ${place}: ${error instanceof Error ? error.message : String(error)}`);
  }
  server.on("error", (error) => publish("hopseal:fault", { where: "metrics", text: error.message }));
  const bound = server.address();
  const address = typeof bound === "string" || bound === null ? String(bound) : `${bound.address}:${bound.port}`;
  return ok({
    address,
    async [Symbol.asyncDispose]() {
      using _late = clock.after(GRACE, () => server.closeAllConnections());
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
    },
  });
}

/** Every connection is for one request, so that nobody can keep one of the few. */
function send(request: IncomingMessage, response: ServerResponse, answer: AdminAnswer): void {
  const body = Buffer.from(answer.body);
  response.writeHead(answer.status, {
    "content-type": answer.type,
    "content-length": body.length,
    "cache-control": "no-store",
    connection: "close",
    ...(answer.allow === undefined ? {} : { allow: answer.allow }),
  });
  // HEAD gets the head alone.
  response.end(request.method === "HEAD" ? undefined : body);
}

/** A socket that an earlier process left behind is replaced; nothing else is, nor one at which somebody answers. */
async function listen(server: Server, where: ListenOptions): Promise<void> {
  const { path } = where;
  const left = path !== undefined && statSync(path, { throwIfNoEntry: false })?.isSocket() === true;
  if (left && !(await isAnswered(path))) rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.off("error", reject);
      resolve();
    });
  });
  // Whoever may reach the folder may ask.
  if (path !== undefined) chmodSync(path, 0o666);
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once("connect", () => end(true));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code !== "ECONNREFUSED"));
  });
}

/** Seconds since the last look, in which the histogram begins anew. */
function delayOf(histogram: ReturnType<typeof monitorEventLoopDelay>): { readonly mean: number; readonly max: number } {
  const seconds = (nanoseconds: number): number => (Number.isFinite(nanoseconds) ? nanoseconds / 1e9 : 0);
  const read = { mean: seconds(histogram.mean), max: seconds(histogram.max) };
  histogram.reset();
  return read;
}

/** Of a request: octets of its head, and time for it. */
const LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 5000,
  connectionsCheckingInterval: 1000,
  keepAlive: false,
} as const;
const MOST_CONNECTIONS = 32;
/** A connection on which nothing moves is ended. */
const IDLE: Millis = 10_000;
/** How long answers may take to go out when the program ends. */
const GRACE: Millis = 2000;
