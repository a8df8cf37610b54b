import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import type { TLSSocket } from "node:tls";
import { type Bytes, concat, err, ok, type Result } from "../../base/mod.ts";
import type { StsTrouble } from "../types.ts";

export interface PolicyRequest {
  readonly host: string;
  readonly path: string;
  /** Already secured, and the peer judged. */
  readonly socket: TLSSocket;
  readonly signal: AbortSignal;
}

/**
 * Asks for one file over an open connection, and takes nothing but a plain 200. The connection is of no further use.
 * No redirect is followed, nothing is stored, no credentials are sent; the whole of the answer is bounded.
 */
export function getPolicyFile(asked: PolicyRequest): Promise<Result<string, StsTrouble>> {
  const { socket, signal } = asked;
  return new Promise((resolve) => {
    let request: ClientRequest | undefined;
    const end = (result: Result<string, StsTrouble>): void => {
      signal.removeEventListener("abort", onAbort);
      resolve(result);
      request?.destroy();
      socket.destroy();
    };
    const onAbort = (): void => end(failed("fetch", textOf(signal.reason)));
    socket.on("error", ignore);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) return onAbort();
    request = httpRequest({
      method: "GET",
      host: asked.host,
      path: asked.path,
      setDefaultHeaders: false,
      headers: { host: asked.host, accept: "text/plain", "accept-encoding": "identity", connection: "close" },
      maxHeaderSize: LONGEST_HEADER,
      // Without an agent; one would open a connection of its own.
      createConnection: () => socket,
    });
    request.on("error", (error) => end(failed("fetch", `the policy host gave no whole answer: ${textOf(error)}`)));
    request.on("upgrade", () => end(failed("fetch", "the policy host changed the protocol")));
    request.on("response", (response) => {
      const fault = headFault(response);
      if (fault !== undefined) end(err(fault));
      else readBody(response, end);
    });
    request.end();
  });
}

function headFault(response: IncomingMessage): StsTrouble | undefined {
  const { statusCode = 0, headers } = response;
  // RFC 8461 §3.3
  if (statusCode >= 300 && statusCode < 400)
    return { at: "fetch", detail: `the policy host redirects (${statusCode}), which is not followed` };
  if (statusCode !== 200) return { at: "fetch", detail: `the policy host answered ${statusCode}` };
  // RFC 8461 §3.2
  const type = (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "text/plain") {
    const said = type === "" ? "no media type" : `the media type ${JSON.stringify(type?.slice(0, 60))}`;
    return { at: "invalid", detail: `the policy has ${said}, not text/plain` };
  }
  const encoding = headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity") {
    return { at: "fetch", detail: `the policy is encoded (${JSON.stringify(encoding.slice(0, 60))}), unasked` };
  }
  // What ends with the connection may have been cut short, and a shorter max_age would pass for a policy.
  if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined) {
    return { at: "fetch", detail: "the policy has neither a length nor chunks: it may have been cut short" };
  }
  if (Number(headers["content-length"] ?? 0) > LARGEST_POLICY) return TOO_LARGE;
  return undefined;
}

function readBody(response: IncomingMessage, end: (result: Result<string, StsTrouble>) => void): void {
  const chunks: Bytes[] = [];
  let size = 0;
  response.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > LARGEST_POLICY) end(err(TOO_LARGE));
    else chunks.push(chunk);
  });
  response.on("error", (error) => end(failed("fetch", `the policy was cut short: ${textOf(error)}`)));
  response.on("end", () => {
    if (!response.complete) return end(failed("fetch", "the policy was cut short"));
    end(decoded(concat(chunks)));
  });
}

function decoded(octets: Bytes): Result<string, StsTrouble> {
  try {
    // The grammar has no byte order mark, so it must show.
    return ok(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(octets));
  } catch {
    return failed("invalid", "the policy is no UTF-8 text");
  }
}

function failed(at: StsTrouble["at"], detail: string): Result<never, StsTrouble> {
  return err({ at, detail });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function ignore(): void {
  // The request reports the fault; a destroyed socket says nothing more.
}

/** RFC 8461 §3.3 suggests 64 kB. */
const LARGEST_POLICY = 65_536;
const LONGEST_HEADER = 16_384;
const TOO_LARGE: StsTrouble = { at: "fetch", detail: `the policy has more than ${LARGEST_POLICY} octets` };
