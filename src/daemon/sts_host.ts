import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, createServer, type ListenOptions, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Clock, Millis } from "../base/mod.ts";
import type { Config, HttpsConfig } from "../config/mod.ts";
import { publish } from "../observe/mod.ts";
import type { Certificates } from "../tls/io/mod.ts";
import { inheritedSockets } from "./inherited.ts";
import { StartFailure } from "./seams.ts";
import { answerPolicyRequest } from "./sts_host_answer.ts";

export interface StsHostParts {
  readonly clock: Clock;
  readonly certificates: Certificates | undefined;
  /** The policy file of a domain of ours as it is now. */
  readonly policyOf: (domain: string) => string | undefined;
  readonly limits?: Partial<StsHostLimits>;
}

export interface StsHostLimits {
  readonly connections: number;
  readonly perAddress: number;
  /** For a whole connection, from its beginning to its end. */
  readonly deadline: Millis;
  /** For those that are open when it stops. */
  readonly grace: Millis;
}

/** Answers on connections that somebody accepts. */
export interface StsConversations extends AsyncDisposable {
  accept(socket: Socket): void;
}

export interface BoundStsHost extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
}

export interface StsHost extends BoundStsHost, StsConversations {}

/** Serves them where `[https]` says; without it nothing is opened. */
export async function hostPolicies({ https }: Config, parts: StsHostParts): Promise<StsHost | undefined> {
  return https === undefined ? undefined : await openStsHost(https, parts);
}

/** Serves them on `[https]`. Disposing it takes no more connections and ends as `answerPolicies` does. Throws `StartFailure`. */
export async function openStsHost(https: HttpsConfig, parts: StsHostParts): Promise<StsHost> {
  const conversations = answerPolicies(https, parts);
  const bound = await bindStsHost(https, (socket) => conversations.accept(socket));
  return {
    address: bound.address,
    port: bound.port,
    accept: (socket) => conversations.accept(socket),
    async [Symbol.asyncDispose]() {
      await Promise.all([bound[Symbol.asyncDispose](), conversations[Symbol.asyncDispose]()]);
    },
  };
}

/** Binds `[https]`; disposing accepts no more. Throws `StartFailure`. */
export async function bindStsHost(
  https: HttpsConfig,
  accept: (socket: Socket) => void,
  options: { readonly pauseOnConnect?: boolean } = {},
): Promise<BoundStsHost> {
  const listener = createServer({ ...options, noDelay: true }, accept);
  const { address, port } = await bind(listener, https);
  publish("hopseal:listening", { role: "https", address: `${address}:${port}`, tls: https.tls });
  return {
    address,
    port,
    [Symbol.asyncDispose]() {
      listener.close();
      return Promise.resolve();
    },
  };
}

/**
 * Answers with the MTA-STS policies of our domains (RFC 8461 §3.3): one request for each connection, bounded in size, time
 * and number. Disposing it lets those that are open come to their end.
 */
export function answerPolicies(https: HttpsConfig, parts: StsHostParts): StsConversations {
  const limits = { ...DEFAULT_LIMITS, ...parts.limits };
  const http = httpServer(https, parts);
  const open = new Map<Socket, string>();
  const accept = (socket: Socket): unknown => {
    const from = socket.remoteAddress ?? "";
    socket.on("error", ignore);
    // Behind a proxy all come from one address.
    const crowded =
      https.tls === "implicit" && [...open.values()].filter((one) => one === from).length >= limits.perAddress;
    if (crowded || open.size >= limits.connections) return socket.destroy();
    open.set(socket, from);
    const timer = parts.clock.after(limits.deadline, () => socket.destroy());
    socket.once("close", () => {
      timer[Symbol.dispose]();
      open.delete(socket);
    });
    return https.tls === "none" ? http.emit("connection", socket) : secure(socket, http, parts.certificates);
  };
  return {
    accept: (socket) => void accept(socket),
    async [Symbol.asyncDispose]() {
      const gone = [...open.keys()].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
      using _timer = parts.clock.after(limits.grace, () => {
        for (const socket of open.keys()) socket.destroy();
      });
      await Promise.all(gone);
    },
  };
}

function httpServer(https: HttpsConfig, { policyOf }: StsHostParts): HttpServer {
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket, headersDistinct, method = "", url = "" } = request;
    const servername = socket instanceof TLSSocket && "servername" in socket ? socket.servername : undefined;
    const reply = answerPolicyRequest(
      {
        method,
        target: url,
        hosts: headersDistinct["host"] ?? [],
        ...(https.tls === "none"
          ? {}
          : { secured: { servername: typeof servername === "string" ? servername : undefined } }),
      },
      policyOf,
    );
    write(request, response, reply);
  };
  const server = createHttpServer({ maxHeaderSize: LONGEST_HEADER, insecureHTTPParser: false }, answer);
  // Whoever expects something first gets the answer all the same, and no more time for more.
  return server.on("checkContinue", answer).on("checkExpectation", answer);
}

/** Every connection ends with its answer; there is nothing more to be had. */
function write(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body }: ReturnType<typeof answerPolicyRequest>,
): void {
  const octets = Buffer.from(body, "utf8");
  response.writeHead(status, {
    // RFC 8461 §3.2
    "Content-Type": "text/plain",
    "Content-Length": octets.length,
    Connection: "close",
    ...(status === 405 ? { Allow: "GET, HEAD" } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : octets);
}

function secure(socket: Socket, http: HttpServer, certificates: Certificates | undefined): void {
  // The configuration was checked: without certificates there is no TLS here.
  if (certificates === undefined) return void socket.destroy();
  // Taken anew for each connection, so that renewed certificates count at once.
  const secured = new TLSSocket(socket, {
    isServer: true,
    ...certificates.serverOptions(),
    ALPNProtocols: ["http/1.1"],
  });
  secured.on("error", () => socket.destroy());
  secured.once("secure", () => http.emit("connection", secured));
}

async function bind(listener: Server, { address: { host, port } }: HttpsConfig): Promise<AddressInfo> {
  const fd = inheritedSockets().take({ host, port });
  const where: ListenOptions & { readonly fd?: number } = fd === undefined ? { host, port } : { fd };
  try {
    return await new Promise((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(where, () => {
        listener.off("error", reject);
        listener.on("error", (error) => publish("hopseal:fault", { where: "https listener", text: error.message }));
        resolve(listener.address() as AddressInfo);
      });
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartFailure(`Cannot listen on ${host}:${port}: ${reason}`, { cause: error });
  }
}

function ignore(): void {
  // A connection that breaks is its peer's loss.
}

export const DEFAULT_LIMITS: StsHostLimits = { connections: 200, perAddress: 20, deadline: 15_000, grace: 3000 };
const LONGEST_HEADER = 8192;
