import { type AddressInfo, createServer, type ListenOptions, type Socket } from "node:net";
import type { Config } from "../../config/mod.ts";
import { unmapped } from "../../mail/mod.ts";
import { publish } from "../../observe/mod.ts";
import { BUSY, type Descriptors, turnAway } from "../../smtp/io/mod.ts";
import type { Certificates } from "../../tls/io/mod.ts";
import type { Door } from "../compose.ts";
import { inheritedSockets } from "../inherited.ts";
import { bindEntry, type BoundListener, tellUnused, tlsOf } from "../listen.ts";
import { bindLookups } from "../policy_service.ts";
import { bindStsHost } from "../sts_host.ts";

/** Every address of the configuration, bound. Disposing accepts no more; who was let in is not touched. */
export interface Doors extends AsyncDisposable {
  readonly bound: readonly BoundListener[];
  /** Of the policy service. */
  readonly lookups: readonly string[];
}

export interface DoorParts {
  readonly certificates: Certificates | undefined;
  /** Takes every connection that there are descriptors for. */
  readonly hand: (door: Door, socket: Socket) => void;
  readonly descriptors: Descriptors;
}

/**
 * Binds every address of the configuration and hands each connection over, unread. When one cannot be bound, none stays
 * bound. Throws a StartFailure.
 */
export async function bindDoors(config: Config, parts: DoorParts): Promise<Doors> {
  const { certificates } = parts;
  await using undo = new AsyncDisposableStack();
  const bound: BoundListener[] = [];
  const inherited = inheritedSockets();
  for (const [at, entry] of config.listen.entries()) {
    const tls = tlsOf(entry, certificates);
    const server = createServer({ ...HANDED, allowHalfOpen: true, noDelay: true }, (socket) => {
      if (mayEnter(socket, parts.descriptors)) parts.hand(at, socket);
      else turnAway(socket, BUSY, tls === "implicit");
    });
    undo.defer(() => void server.close());
    const listen = (where: ListenOptions): Promise<AddressInfo> =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(where, () => {
          server.off("error", reject);
          server.on("error", (error) => publish("hopseal:fault", { where: "smtp listener", text: error.message }));
          resolve(server.address() as AddressInfo);
        });
      });
    const listener = await bindEntry(entry, tls, { inherited, listen });
    publish("hopseal:listening", { role: entry.role, address: `${listener.host}:${listener.port}`, tls });
    bound.push(listener);
  }
  tellUnused(config, inherited);
  const other = (door: Door) => (socket: Socket) =>
    mayEnter(socket, parts.descriptors) ? parts.hand(door, socket) : void socket.destroy();
  const lookups = undo.use(await bindLookups(config, other("lookups"), HANDED));
  if (config.https !== undefined) undo.use(await bindStsHost(config.https, other("https"), HANDED));
  const kept = undo.move();
  return {
    bound,
    lookups: lookups.addresses,
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  };
}

/** Connections wait here for workers that are slow or dead, and a new worker needs descriptors of ours. */
function mayEnter(socket: Socket, left: Descriptors): boolean {
  // One that breaks is its client's loss.
  socket.on("error", () => socket.destroy());
  if (!left.short()) return true;
  const client = socket.remoteAddress === undefined ? {} : { client: unmapped(socket.remoteAddress) };
  publish("hopseal:limited", { limit: "descriptors", ...client });
  return false;
}

/** Nothing is read here: the first octets are for whoever serves it. */
const HANDED = { pauseOnConnect: true } as const;
