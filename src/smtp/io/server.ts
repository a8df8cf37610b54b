import { createServer, type ListenOptions, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import type { Clock, Millis } from "../../base/mod.ts";
import type { MailHost } from "../../mail/mod.ts";
import { publish } from "../../observe/mod.ts";
import { statusOf } from "../../status/mod.ts";
import { formatStatus } from "../grammar/mod.ts";
import { DEFAULT_LIMITS, type Reception, type ServerConfig, type ServerLimits } from "../server/mod.ts";
import { type ServedConnection, serveConnection } from "./server_connection.ts";
import type { ServerTls } from "./server_tls.ts";

export interface SmtpListenerOptions {
  readonly role: "mx" | "submission" | "submissions";
  readonly hostname: MailHost;
  readonly reception: Reception;
  readonly clock: Clock;
  /** `starttls` and `implicit` need `certificates`. */
  readonly tls: "starttls" | "implicit" | "none";
  readonly certificates?: ServerTls;
  /** Offers REQUIRETLS inside TLS; only for those who keep it onwards (RFC 8689 §4.1). */
  readonly requireTls?: boolean;
  readonly limits?: Partial<ServerLimits>;
  /** Connections at a time; further ones get 421. Default 2000. */
  readonly connections?: number;
  /** Shuts the listener down like `close`. */
  readonly signal?: AbortSignal;
}

/** Listens, and serves every connection until it is closed. */
export interface SmtpListener {
  /** Binds one address; may be called for several. */
  listen(where: ListenOptions): Promise<AddressInfo>;
  /** Serves a connection that somebody else accepted with `allowHalfOpen`. */
  accept(socket: Socket): void;
  /** Connections being served. */
  readonly active: number;
  /**
   * Stops listening and ends the sessions: those that read a command get 421, those that send content get its reply first.
   * After `grace` (default 30 s) the rest is cut off. Resolves when all have ended.
   */
  close(grace?: Millis): Promise<void>;
}

export function createSmtpListener(options: SmtpListenerOptions): SmtpListener {
  const serving = new Set<ServedConnection>();
  const servers = new Set<Server>();
  const connectionOptions = {
    config: configOf(options),
    reception: options.reception,
    clock: options.clock,
    implicit: options.tls === "implicit",
    ...(options.certificates === undefined ? {} : { tls: options.certificates }),
  };
  let closing: Promise<void> | undefined;

  const accept = (socket: Socket): void => {
    if (closing !== undefined || serving.size >= (options.connections ?? MOST_CONNECTIONS)) {
      if (options.tls === "implicit") socket.destroy();
      else turnAway(socket, closing !== undefined);
      return;
    }
    const connection = serveConnection(socket, connectionOptions);
    serving.add(connection);
    void connection.done.then(() => serving.delete(connection));
  };
  const close = (grace: Millis = GRACE): Promise<void> => {
    closing ??= shutDown(servers, serving, options.clock, grace);
    return closing;
  };
  options.signal?.addEventListener("abort", () => void close(), { once: true });

  return {
    accept,
    close,
    get active() {
      return serving.size;
    },
    async listen(where) {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, accept);
      const address = await bind(server, where);
      servers.add(server);
      publish("hopseal:listening", {
        role: options.role,
        address: `${address.address}:${address.port}`,
        tls: options.tls,
      });
      return address;
    },
  };
}

function configOf(options: SmtpListenerOptions): ServerConfig {
  if (options.tls !== "none" && options.certificates === undefined) {
    throw new Error(`A listener with tls = ${JSON.stringify(options.tls)} needs certificates`);
  }
  const starttls = options.tls === "starttls";
  return {
    hostname: options.hostname,
    // RFC 3207 §4: a public server on port 25 never requires TLS.
    tls: { starttls, required: starttls && options.role !== "mx", requireTls: options.requireTls === true },
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  };
}

async function shutDown(
  servers: ReadonlySet<Server>,
  serving: ReadonlySet<ServedConnection>,
  clock: Clock,
  grace: Millis,
): Promise<void> {
  for (const server of servers) server.close();
  using _timer = clock.after(grace, () => {
    for (const connection of serving) connection.destroy();
  });
  for (const connection of serving) connection.drain();
  await Promise.all([...serving].map((connection) => connection.done));
}

function bind(server: Server, where: ListenOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.off("error", reject);
      server.on("error", (error) => publish("hopseal:fault", { where: "smtp listener", text: error.message }));
      resolve(server.address() as AddressInfo);
    });
  });
}

/** RFC 5321 §3.8: 421 in place of the greeting. */
function turnAway(socket: Socket, closing: boolean): void {
  socket.on("error", () => socket.destroy());
  socket.end(formatStatus(statusOf(closing ? "shutting-down" : "too-many-connections")), () => socket.destroy());
}

const MOST_CONNECTIONS = 2000;
const GRACE: Millis = 30_000;
