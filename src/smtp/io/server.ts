import { createServer, type ListenOptions, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import type { Clock, Millis } from "../../base/mod.ts";
import type { MailHost } from "../../mail/mod.ts";
import { publish } from "../../observe/mod.ts";
import { statusOf } from "../../status/mod.ts";
import { type Admission, DEFAULT_LIMITS, type Reception, type ServerConfig, type ServerLimits } from "../server/mod.ts";
import { type Acceptor, acceptor } from "./server_accept.ts";
import { type Descriptors, descriptors } from "./server_descriptors.ts";
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
  /** Who is let in; by itself the first `connections` at a time. Several listeners may share one. */
  readonly admission?: Admission;
  /** Connections at a time where no `admission` is given; further ones get 421. Default 2000. */
  readonly connections?: number;
  /** Proxies in front: peers that must begin with a PROXY header, and whose header is believed. Others are clients. */
  readonly proxyFrom?: (address: string) => boolean;
  /** Connections at a time whose header or admission is not there yet; further ones get 421. Default 1000. */
  readonly waiting?: number;
  /** Shared by the listeners of a program; by itself each has its own. */
  readonly descriptors?: Descriptors;
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
  const servers = new Set<Server>();
  const inside = acceptor({
    role: options.role,
    connection: {
      config: configOf(options),
      reception: options.reception,
      clock: options.clock,
      implicit: options.tls === "implicit",
      ...(options.certificates === undefined ? {} : { tls: options.certificates }),
    },
    admission: options.admission ?? firstComers(options.connections ?? MOST_CONNECTIONS),
    proxyFrom: options.proxyFrom,
    descriptors: options.descriptors ?? descriptors(options.clock),
    waiting: options.waiting ?? MOST_WAITING,
  });
  const accept = (socket: Socket): void => inside.accept(socket);
  let closing: Promise<void> | undefined;

  const close = (grace: Millis = GRACE): Promise<void> => {
    closing ??= shutDown(servers, inside, options.clock, grace);
    return closing;
  };
  options.signal?.addEventListener("abort", () => void close(), { once: true });

  return {
    accept,
    close,
    get active() {
      return inside.active;
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

async function shutDown(servers: ReadonlySet<Server>, inside: Acceptor, clock: Clock, grace: Millis): Promise<void> {
  for (const server of servers) server.close();
  inside.shut();
  const serving = inside.sessions();
  using _timer = clock.after(grace, () => {
    for (const connection of serving) connection.destroy();
  });
  for (const connection of serving) connection.drain();
  await Promise.all(serving.map((connection) => connection.done));
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

/** Lets in as many as there is room for, whoever they are. */
function firstComers(most: number): Admission {
  let open = 0;
  return {
    enter(address) {
      if (open < most) {
        open++;
        return undefined;
      }
      publish("hopseal:limited", { limit: "connections", client: address });
      // RFC 5321 §3.8
      return statusOf("too-many-connections");
    },
    leave() {
      open--;
    },
  };
}

const MOST_CONNECTIONS = 2000;
const MOST_WAITING = 1000;
const GRACE: Millis = 30_000;
