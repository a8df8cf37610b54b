import type { Millis } from "../base/mod.ts";
import { type Buckets, buckets } from "./admission_buckets.ts";
import { clientKey, type ClientWidth } from "./clients_address.ts";
import type { Listed } from "./clients_table.ts";

/** How many connections are served at a time, and how many new ones a client may make. */
export interface AdmissionLimits extends ClientWidth {
  /** In all. */
  readonly connections: number;
  /** The last ones of `connections`, kept for clients of relay networks. */
  readonly reserved: number;
  readonly perClient: number;
  /** New connections of one client. */
  readonly perMinute: number;
}

/** What is known of a client before it says a word. */
export interface Standing {
  /** It may send anywhere. */
  readonly relay: boolean;
  readonly listed: Listed | undefined;
}

/** The bound that keeps a connection out. */
export type AdmissionBound = "connections" | "client-connections" | "client-rate" | "client-denied";

/** Counts connections. Its memory is bounded by the connections in all and by the clients that `buckets` remembers. */
export interface AdmissionTable {
  /** undefined lets the connection in, and then `leave` is owed. */
  enter(address: string, now: Millis): AdmissionBound | undefined;
  /** Ends a connection of this address; one that was not let in changes nothing. */
  leave(address: string): void;
  /** Connections let in and not ended. */
  readonly open: number;
  /** Clients held in memory. */
  readonly clients: number;
}

/** `limits` may change at any time; what is in stays in. */
export function admissionTable(
  limits: () => AdmissionLimits,
  standingOf: (address: string) => Standing,
  rates: Buckets = buckets(),
): AdmissionTable {
  /** By address, with the client that it counts for. */
  const inside = new Map<string, { readonly client: string; readonly open: number }>();
  const clients = new Map<string, number>();
  let open = 0;

  const bound = (client: string, now: Millis): AdmissionBound | undefined => {
    const { perClient, perMinute } = limits();
    if ((clients.get(client) ?? 0) >= perClient) return "client-connections";
    return rates.take(client, perMinute, now) ? undefined : "client-rate";
  };
  return {
    enter(address, now) {
      const { relay, listed } = standingOf(address);
      if (listed === "deny") return "client-denied";
      const { connections, reserved } = limits();
      if (open >= (relay ? connections : connections - reserved)) return "connections";
      // An address that is inside keeps its client, however wide clients are by now.
      const known = inside.get(address);
      const client = known?.client ?? clientKey(address, limits());
      const reached = relay || listed === "allow" ? undefined : bound(client, now);
      if (reached !== undefined) return reached;
      inside.set(address, { client, open: (known?.open ?? 0) + 1 });
      clients.set(client, (clients.get(client) ?? 0) + 1);
      open++;
      return undefined;
    },
    leave(address) {
      const known = inside.get(address);
      if (known === undefined) return;
      open--;
      if (known.open > 1) inside.set(address, { ...known, open: known.open - 1 });
      else inside.delete(address);
      const rest = (clients.get(known.client) ?? 1) - 1;
      if (rest > 0) clients.set(known.client, rest);
      else clients.delete(known.client);
    },
    get open() {
      return open;
    },
    get clients() {
      return clients.size + rates.size;
    },
  };
}
