import type { ListenOptions } from "node:net";
import type { Clock } from "../base/mod.ts";
import type { Config, ListenConfig } from "../config/mod.ts";
import { publish } from "../observe/mod.ts";
import type { Reception } from "../smtp/server/mod.ts";
import { createSmtpListener, type SmtpListener } from "../smtp/io/mod.ts";
import type { Certificates } from "../tls/io/mod.ts";
import { type InheritedSockets, inheritedSockets } from "./inherited.ts";
import { StartFailure } from "./seams.ts";

export interface BoundListener {
  readonly role: ListenConfig["role"];
  readonly host: string;
  readonly port: number;
  readonly tls: "starttls" | "implicit" | "none";
}

export interface Listening extends AsyncDisposable {
  readonly bound: readonly BoundListener[];
}

export interface ListenParts {
  readonly clock: Clock;
  readonly certificates: Certificates | undefined;
  readonly reception: (role: ListenConfig["role"]) => Reception;
}

/** Binds every `[[listen]]`; when one cannot be bound, none stays bound. Disposing drains them. */
export async function bindListeners(config: Config, parts: ListenParts): Promise<Listening> {
  await using undo = new AsyncDisposableStack();
  const bound: BoundListener[] = [];
  const inherited = inheritedSockets();
  for (const entry of config.listen) {
    const listener = listenerOf(entry, config, parts);
    undo.defer(async () => await listener.close());
    bound.push(await bind(entry, listener, tlsOf(entry, parts.certificates), inherited));
  }
  // Taken when the policies are served.
  if (config.https !== undefined) inherited.take(config.https.address);
  for (const address of inherited.left()) {
    publish("hopseal:fault", {
      where: "listen",
      text: `A socket for ${address} was passed on, and no [[listen]] names it`,
    });
  }
  const kept = undo.move();
  return { bound, [Symbol.asyncDispose]: async () => await kept.disposeAsync() };
}

function listenerOf(entry: ListenConfig, config: Config, parts: ListenParts): SmtpListener {
  return createSmtpListener({
    role: entry.role,
    hostname: config.hostname,
    reception: parts.reception(entry.role),
    clock: parts.clock,
    tls: tlsOf(entry, parts.certificates),
    requireTls: config.policy.requiretls !== "off",
    ...(parts.certificates === undefined ? {} : { certificates: parts.certificates }),
    limits: {
      messageSize: config.message_size,
      recipients: config.limits.recipients,
      transactions: config.limits.transactions,
    },
  });
}

async function bind(
  entry: ListenConfig,
  listener: SmtpListener,
  tls: BoundListener["tls"],
  inherited: InheritedSockets,
): Promise<BoundListener> {
  const { host, port } = entry.address;
  const fd = inherited.take(entry.address);
  const where: ListenOptions & { readonly fd?: number } = fd === undefined ? { host, port } : { fd };
  try {
    const address = await listener.listen(where);
    return { role: entry.role, host: address.address, port: address.port, tls };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartFailure(`Cannot listen on ${host}:${port}: ${reason}`, { cause: error });
  }
}

/** Without a certificate STARTTLS is not offered; `config check` warns about it. */
function tlsOf(entry: ListenConfig, certificates: Certificates | undefined): BoundListener["tls"] {
  const wanted = entry.tls ?? (entry.role === "submissions" ? "implicit" : "starttls");
  return certificates === undefined ? "none" : wanted;
}
