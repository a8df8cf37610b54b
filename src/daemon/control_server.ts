import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { chmodSync, rmSync } from "node:fs";
import type { Operator } from "./control_api.ts";
import { localMessageOf, messageJson } from "./control_json.ts";

/**
 * Serves the operator's requests as HTTP over a unix socket. Who may connect is decided by the mode of the folder that
 * holds it (0700) and of the socket itself (0600).
 */
export async function startControl(path: string, operator: Operator): Promise<AsyncDisposable> {
  const server = createServer((request, response) => {
    answer(operator, request).then(
      ({ status, body }) => send(response, status, body),
      (error: unknown) => send(response, 500, { error: error instanceof Error ? error.message : String(error) }),
    );
  });
  rmSync(path, { force: true });
  await listen(server, path);
  chmodSync(path, 0o600);
  return {
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
      rmSync(path, { force: true });
    },
  };
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function answer(operator: Operator, request: IncomingMessage): Promise<Answer> {
  const url = new URL(request.url ?? "/", "http://control");
  const [version, subject, id, ...rest] = url.pathname.split("/").slice(1);
  if (version !== "v1" || rest.length > 0) return NOT_FOUND;
  const call = `${request.method} ${subject}${id === undefined ? "" : "/ID"}`;
  switch (call) {
    case "GET status":
      return { status: 200, body: await operator.status() };
    case "GET queue": {
      const limit = Math.min(Math.max(Number(url.searchParams.get("limit") ?? PAGE) || PAGE, 1), LARGEST_PAGE);
      const listed = await operator.list(limit, url.searchParams.get("after") ?? undefined);
      return { status: 200, body: { version: 1, messages: listed.map(messageJson) } };
    }
    case "GET queue/ID": {
      const found = await operator.show(id ?? "");
      return found === undefined ? NOT_FOUND : { status: 200, body: { version: 1, message: messageJson(found) } };
    }
    case "POST messages":
      return await submit(operator, request, url);
    default:
      return NOT_FOUND;
  }
}

async function submit(operator: Operator, request: IncomingMessage, url: URL): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const message = localMessageOf(url.searchParams, Buffer.concat(chunks));
  if (!message.ok) return { status: 400, body: { error: message.error } };
  const taken = await operator.submit(message.value);
  if (taken.ok) return { status: 200, body: { version: 1, id: taken.value.id } };
  return { status: taken.error.code < 500 ? 503 : 422, body: { error: taken.error.text, status: taken.error } };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
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

const NOT_FOUND: Answer = { status: 404, body: { error: "There is no such thing" } };
const PAGE = 100;
const LARGEST_PAGE = 10_000;
