import type { AddressInfo, ListenOptions, Socket } from "node:net";
import type { Clock } from "../base/mod.ts";
import { type Config, type ListenConfig, networkSet } from "../config/mod.ts";
import { publish } from "../observe/mod.ts";
import type { Reception } from "../smtp/server/mod.ts";
import { createSmtpListener, type Descriptors, descriptors, type SmtpListener } from "../smtp/io/mod.ts";
import type { Certificates } from "../tls/io/mod.ts";
import type { Clients } from "./clients.ts";
import { type InheritedSockets, inheritedSockets } from "./inherited.ts";
import { StartFailure } from "./seams.ts";
import { sessionLimits } from "./session_limits.ts";

export interface BoundListener {
  readonly role: ListenConfig["role"];
  readonly host: string;
  readonly port: number;
  readonly tls: "starttls" | "implicit" | "none";
}

export interface Listening extends AsyncDisposable {
  /** In the order of `[[listen]]`; none where connections are handed over. */
  readonly bound: readonly BoundListener[];
  /** Serves a connection that somebody else accepted with `allowHalfOpen` for the `[[listen]]` of that place. */
  accept(at: number, socket: Socket): void;
}

export interface ListenParts {
  readonly clock: Clock;
  readonly certificates: Certificates | undefined;
  readonly reception: (role: ListenConfig["role"]) => Reception;
  readonly clients: Pick<Clients, "admission">;
  /** Nothing is bound: whoever has accepted a connection hands it over. */
  readonly handed?: boolean;
}

/** Binds every `[[listen]]`, unless connections are handed over; when one cannot be bound, none stays bound. Disposing drains them. */
export async function bindListeners(config: Config, parts: ListenParts): Promise<Listening> {
  await using undo = new AsyncDisposableStack();
  const left = descriptors(parts.clock);
  const listeners = config.listen.map((entry) => listenerOf(entry, config, { ...parts, descriptors: left }));
  for (const listener of listeners) undo.defer(async () => await listener.close());
  const bound = parts.handed === true ? [] : await bindAll(config, listeners, parts);
  const kept = undo.move();
  return {
    bound,
    accept: (at, socket) => listeners[at]?.accept(socket),
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  };
}

async function bindAll(
  config: Config,
  listeners: readonly SmtpListener[],
  { certificates }: ListenParts,
): Promise<readonly BoundListener[]> {
  const bound: BoundListener[] = [];
  const inherited = inheritedSockets();
  for (const [at, entry] of config.listen.entries()) {
    const listener = listeners[at] as SmtpListener;
    bound.push(
      await bindEntry(entry, tlsOf(entry, certificates), {
        inherited,
        listen: async (where) => await listener.listen(where),
      }),
    );
  }
  tellUnused(config, inherited);
  return bound;
}

/** A socket that was passed on and that nothing takes is told of. */
export function tellUnused(config: Config, inherited: InheritedSockets): void {
  // Taken when the policies are served.
  if (config.https !== undefined) inherited.take(config.https.address);
  for (const address of inherited.left()) {
    publish("hopseal:fault", {
      where: "listen",
      text: `A socket for ${address} was passed on, and no [[listen]] names it`,
    });
  }
}

type ListenerParts = ListenParts & { readonly descriptors: Descriptors };

function listenerOf(entry: ListenConfig, config: Config, parts: ListenerParts): SmtpListener {
  return createSmtpListener({
    role: entry.role,
    hostname: config.hostname,
    reception: parts.reception(entry.role),
    clock: parts.clock,
    admission: parts.clients.admission,
    descriptors: parts.descriptors,
    ...(entry.proxy_from.length === 0 ? {} : { proxyFrom: networkSet(entry.proxy_from) }),
    tls: tlsOf(entry, parts.certificates),
    requireTls: config.policy.requiretls !== "off",
    ...(parts.certificates === undefined ? {} : { certificates: parts.certificates }),
    limits: sessionLimits(config),
  });
}

export interface BindParts {
  readonly inherited: InheritedSockets;
  readonly listen: (where: ListenOptions) => Promise<AddressInfo>;
}

/** Binds one `[[listen]]`, to a socket that was passed on where there is one. Throws a StartFailure. */
export async function bindEntry(
  entry: ListenConfig,
  tls: BoundListener["tls"],
  { inherited, listen }: BindParts,
): Promise<BoundListener> {
  const { host, port } = entry.address;
  const fd = inherited.take(entry.address);
  const where: ListenOptions & { readonly fd?: number } = fd === undefined ? { host, port } : { fd };
  try {
    const address = await listen(where);
    return { role: entry.role, host: address.address, port: address.port, tls };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartFailure(`Cannot listen on ${host}:${port}: ${reason}`, { cause: error });
  }
}

/** Without a certificate STARTTLS is not offered; `config check` warns about it. */
export function tlsOf(entry: ListenConfig, certificates: Certificates | undefined): BoundListener["tls"] {
  const wanted = entry.tls ?? (entry.role === "submissions" ? "implicit" : "starttls");
  return certificates === undefined ? "none" : wanted;
}
