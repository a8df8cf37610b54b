import { type AddressInfo, createServer, type ListenOptions, type Socket } from "node:net";
import type { Config } from "../../config/mod.ts";
import { publish } from "../../observe/mod.ts";
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

/**
 * Binds every address of the configuration and hands each connection over, unread. When one cannot be bound, none stays
 * bound. Throws a StartFailure.
 */
export async function bindDoors(
  config: Config,
  certificates: Certificates | undefined,
  hand: (door: Door, socket: Socket) => void,
): Promise<Doors> {
  await using undo = new AsyncDisposableStack();
  const bound: BoundListener[] = [];
  const inherited = inheritedSockets();
  for (const [at, entry] of config.listen.entries()) {
    const tls = tlsOf(entry, certificates);
    const server = createServer({ ...HANDED, allowHalfOpen: true, noDelay: true }, (socket) => hand(at, socket));
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
  const lookups = undo.use(await bindLookups(config, (socket) => hand("lookups", socket), HANDED));
  if (config.https !== undefined) undo.use(await bindStsHost(config.https, (socket) => hand("https", socket), HANDED));
  const kept = undo.move();
  return {
    bound,
    lookups: lookups.addresses,
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  };
}

/** Nothing is read here: the first octets are for whoever serves it. */
const HANDED = { pauseOnConnect: true } as const;
