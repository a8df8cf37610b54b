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

/** What a file may be. */
export interface FileRules {
  /** The longest that is taken, in octets. */
  readonly largest: number;
  /** Asked for; others are refused only where `strict`. */
  readonly type: string;
  readonly strict: boolean;
}

/** The text of an MTA-STS policy (RFC 8461 §3.2). */
export async function getPolicyFile(asked: PolicyRequest): Promise<Result<string, StsTrouble>> {
  const got = await getFile(asked, STS_RULES);
  return got.ok ? decoded(got.value) : got;
}

/**
 * Asks for one file over an open connection, and takes nothing but a plain 200. The connection is of no further use.
 * No redirect is followed, nothing is stored, no credentials are sent; the whole of the answer is bounded.
 */
export function getFile(asked: PolicyRequest, rules: FileRules): Promise<Result<Bytes, StsTrouble>> {
  const { socket, signal } = asked;
  return new Promise((resolve) => {
    let request: ClientRequest | undefined;
    const end = (result: Result<Bytes, StsTrouble>): void => {
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
      headers: { host: asked.host, accept: rules.type, "accept-encoding": "identity", connection: "close" },
      maxHeaderSize: LONGEST_HEADER,
      // Without an agent; one would open a connection of its own.
      createConnection: () => socket,
    });
    request.on("error", (error) => end(failed("fetch", `the policy host gave no whole answer: ${textOf(error)}`)));
    request.on("upgrade", () => end(failed("fetch", "the policy host changed the protocol")));
    request.on("response", (response) => {
      const fault = headFault(response, rules);
      if (fault !== undefined) end(err(fault));
      else readBody(response, rules, end);
    });
    request.end();
  });
}

function headFault(response: IncomingMessage, rules: FileRules): StsTrouble | undefined {
  const { statusCode = 0, headers } = response;
  // RFC 8461 §3.3
  if (statusCode >= 300 && statusCode < 400)
    return { at: "fetch", detail: `the policy host redirects (${statusCode}), which is not followed` };
  if (statusCode !== 200) return { at: "fetch", detail: `the policy host answered ${statusCode}` };
  // RFC 8461 §3.2
  const type = (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (rules.strict && type !== rules.type) {
    const said = type === "" ? "no media type" : `the media type ${JSON.stringify(type?.slice(0, 60))}`;
    return { at: "invalid", detail: `the policy has ${said}, not ${rules.type}` };
  }
  const encoding = headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity") {
    return { at: "fetch", detail: `the policy is encoded (${JSON.stringify(encoding.slice(0, 60))}), unasked` };
  }
  // What ends with the connection may have been cut short, and a shorter max_age would pass for a policy.
  if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined) {
    return { at: "fetch", detail: "the policy has neither a length nor chunks: it may have been cut short" };
  }
  if (Number(headers["content-length"] ?? 0) > rules.largest) return tooLarge(rules);
  return undefined;
}

function readBody(response: IncomingMessage, rules: FileRules, end: (result: Result<Bytes, StsTrouble>) => void): void {
  const chunks: Bytes[] = [];
  let size = 0;
  response.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > rules.largest) end(err(tooLarge(rules)));
    else chunks.push(chunk);
  });
  response.on("error", (error) => end(failed("fetch", `the policy was cut short: ${textOf(error)}`)));
  response.on("end", () => {
    if (!response.complete) return end(failed("fetch", "the policy was cut short"));
    end(ok(concat(chunks)));
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

function tooLarge({ largest }: FileRules): StsTrouble {
  return { at: "fetch", detail: `the policy has more than ${largest} octets` };
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
const STS_RULES: FileRules = { largest: 65_536, type: "text/plain", strict: true };
const LONGEST_HEADER = 16_384;
