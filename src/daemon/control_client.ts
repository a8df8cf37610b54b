import { type IncomingMessage, request as httpRequest } from "node:http";
import { type Bytes, err, ok, type Result } from "../base/mod.ts";

export type ControlFault =
  /** Nobody listens: the daemon is not running. */
  | { readonly kind: "not-running" }
  | { readonly kind: "not-allowed" }
  | { readonly kind: "refused"; readonly status: number; readonly body: unknown }
  | { readonly kind: "broken"; readonly detail: string };

export interface ControlRequest {
  readonly method: "GET" | "POST";
  /** Below "/v1/". */
  readonly path: string;
  readonly query?: URLSearchParams;
  readonly body?: Uint8Array;
}

/** Asks a running daemon through its control socket; the value is the parsed JSON of a 200. */
export function askDaemon(socketPath: string, call: ControlRequest): Promise<Result<unknown, ControlFault>> {
  const path = `/v1/${call.path}${call.query === undefined ? "" : `?${call.query.toString()}`}`;
  return new Promise((resolve) => {
    const request = httpRequest({ socketPath, method: call.method, path }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", (error) => resolve(err({ kind: "broken", detail: error.message })));
      response.on("end", () => resolve(read(response.statusCode ?? 0, Buffer.concat(chunks).toString("utf8"))));
    });
    request.on("error", (error: NodeJS.ErrnoException) => resolve(err(faultOf(error))));
    request.end(call.body);
  });
}

/** The body of a 200 as it comes; ends in an error when it is cut off. */
export function streamFromDaemon(
  socketPath: string,
  call: ControlRequest,
): Promise<Result<AsyncIterable<Bytes>, ControlFault>> {
  const path = `/v1/${call.path}${call.query === undefined ? "" : `?${call.query.toString()}`}`;
  return new Promise((resolve) => {
    const request = httpRequest({ socketPath, method: call.method, path, agent: false }, (response) => {
      if (response.statusCode === 200) {
        resolve(ok(chunksOf(response)));
        return;
      }
      collect(response, resolve);
    });
    request.on("error", (error: NodeJS.ErrnoException) => resolve(err(faultOf(error))));
    request.end(call.body);
  });
}

async function* chunksOf(response: IncomingMessage): AsyncIterable<Bytes> {
  try {
    yield* response as AsyncIterable<Buffer>;
  } catch (error) {
    throw new Error(`The daemon broke off its answer: ${(error as Error).message}`, { cause: error });
  }
}

function collect(response: IncomingMessage, resolve: (result: Result<never, ControlFault>) => void): void {
  const chunks: Buffer[] = [];
  response.on("data", (chunk: Buffer) => chunks.push(chunk));
  response.on("error", (error) => resolve(err({ kind: "broken", detail: error.message })));
  response.on("end", () => {
    const result = read(response.statusCode ?? 0, Buffer.concat(chunks).toString("utf8"));
    resolve(result.ok ? err({ kind: "broken", detail: "it answered something else" }) : result);
  });
}

function read(status: number, text: string): Result<unknown, ControlFault> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return err({ kind: "broken", detail: `the daemon answered ${status} with something that is no JSON` });
  }
  return status === 200 ? ok(body) : err({ kind: "refused", status, body });
}

function faultOf(error: NodeJS.ErrnoException): ControlFault {
  if (error.code === "ENOENT" || error.code === "ECONNREFUSED") return { kind: "not-running" };
  if (error.code === "EACCES" || error.code === "EPERM") return { kind: "not-allowed" };
  return { kind: "broken", detail: error.message };
}
