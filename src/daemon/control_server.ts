import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { chmodSync, rmSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Clock, Millis } from "../base/mod.ts";
import { publish } from "../observe/mod.ts";
import { statusOf } from "../status/mod.ts";
import type { Drained, Operator } from "./control_api.ts";
import { localMessageOf } from "./control_json.ts";
import { answerPause } from "./control_pause.ts";
import { type Answer, answerQueue, bad, NOT_FOUND } from "./control_queue.ts";
import { StartFailure } from "./seams.ts";

export interface ControlOptions {
  readonly clock: Clock;
  /** Octets of a message that are kept; more is read to its end and refused. */
  readonly messageSize: number;
  /** Called when a drain that somebody asked for is over. */
  readonly drained?: (how: Drained) => void;
}

/**
 * Serves the operator's requests as HTTP over a unix socket. Who may connect is decided by the mode of the folder that
 * holds it (0700) and of the socket itself (0600). Disposing gives requests under way a moment to end.
 */
export async function startControl(
  path: string,
  operator: Operator,
  options: ControlOptions,
): Promise<AsyncDisposable> {
  const server = createServer({ maxHeaderSize: LONGEST_REQUEST }, (request, response) => {
    answer(operator, request, options).then(
      (answered) => send(response, answered),
      (error: unknown) => {
        // A client that went away in the middle of its request needs no answer.
        if (request.destroyed && !request.complete) return;
        const text = textOf(error);
        publish("hopseal:fault", { where: "control socket", text });
        void send(response, { status: 500, body: { error: text } });
      },
    );
  });
  try {
    rmSync(path, { force: true });
    await listen(server, path);
    chmodSync(path, 0o600);
  } catch (error) {
    server.close();
    throw new StartFailure(`Cannot make the control socket ${path}: ${textOf(error)}`, { cause: error });
  }
  return {
    async [Symbol.asyncDispose]() {
      using _late = options.clock.after(GRACE, () => server.closeAllConnections());
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
      rmSync(path, { force: true });
    },
  };
}

async function answer(operator: Operator, request: IncomingMessage, options: ControlOptions): Promise<Answer> {
  const url = URL.parse(request.url ?? "/", "http://control");
  if (url === null) return bad("The address of the request cannot be read");
  const [version, subject, id, part, ...rest] = url.pathname.split("/").slice(1);
  if (version !== "v1" || rest.length > 0) return NOT_FOUND;
  if (subject === "queue") {
    return await answerQueue(operator, { method: request.method ?? "", id, part, query: url.searchParams });
  }
  if (part !== undefined) return NOT_FOUND;
  const call = `${request.method} ${subject}${id === undefined ? "" : "/ID"}`;
  switch (call) {
    case "GET status":
      return { status: 200, body: await operator.status() };
    case "GET tallies":
      return {
        status: 200,
        body: { version: 1, tallies: await operator.tallies(url.searchParams.get("day") ?? undefined) },
      };
    case "POST messages":
      return await submit(operator, request, { url, messageSize: options.messageSize });
    case "POST pause":
    case "POST resume":
    case "POST drain":
      return await answerPause(operator, subject as "pause" | "resume" | "drain", {
        ...options,
        query: url.searchParams,
      });
    default:
      return NOT_FOUND;
  }
}

async function submit(
  operator: Operator,
  request: IncomingMessage,
  { url, messageSize }: { readonly url: URL; readonly messageSize: number },
): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= messageSize) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (size > messageSize) {
    const status = statusOf("message-too-big");
    return { status: 413, body: { error: status.text, status } };
  }
  const message = localMessageOf(url.searchParams, Buffer.concat(chunks));
  if (!message.ok) return bad(message.error);
  const taken = await operator.submit(message.value);
  if (taken.ok) return { status: 200, body: { version: 1, id: taken.value.id } };
  return { status: taken.error.code < 500 ? 503 : 422, body: { error: taken.error.text, status: taken.error } };
}

/** A stream that fails is cut off, which the other side sees: it ends before its length, or without its last line. */
async function send(response: ServerResponse, answer: Answer): Promise<void> {
  if (!("stream" in answer)) {
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(`${JSON.stringify(answer.body)}\n`);
    return;
  }
  const length = answer.length === undefined ? {} : { "content-length": answer.length };
  response.writeHead(answer.status, { "content-type": answer.type, ...length });
  try {
    await pipeline(answer.stream, response);
  } catch (error) {
    // A client that went away needs no more.
    if ((error as NodeJS.ErrnoException).code === "ERR_STREAM_PREMATURE_CLOSE") return;
    publish("hopseal:fault", { where: "control socket", text: textOf(error) });
    response.destroy();
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** How long requests may take to end when the daemon stops. */
const GRACE: Millis = 5000;
/** Octets of an address with its query, which names every recipient. */
const LONGEST_REQUEST = 1_100_000;
