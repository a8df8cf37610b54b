import { readFileSync, statSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../base/mod.ts";
import {
  type Config,
  type DnsblConfig,
  type ListenConfig,
  type Network,
  networkSet,
  parseNetwork,
} from "../config/mod.ts";
import type { Resolver } from "../dns/mod.ts";
import {
  type ClientEntry,
  type ClientTable,
  clientTable,
  createAdmission,
  type DnsblEntry,
  openScreen,
  parseClientList,
  type Screen,
  spentRates,
  type Standing,
  watched,
} from "../receive/mod.ts";
import type { Admission, Reception } from "../smtp/server/mod.ts";

/** Who may connect, and what holds for which client. */
export interface Clients extends Disposable {
  /** One for all listeners. */
  readonly admission: Admission;
  /** Takes over a changed configuration and reads the lists again. The sentences say which lists could not be read; then the old ones stay. */
  follow(config: Config): readonly string[];
  /** Opens the lists in DNS, which test themselves; to be called again after `follow`. */
  askBy(resolver: Resolver): void;
  /** A reception that heeds rates and lists in DNS. */
  watch(role: ListenConfig["role"], reception: Reception): Reception;
}

/**
 * `above` counts in its place, for several processes. Throws an Error with a sentence for the operator when a list cannot
 * be read.
 */
export function openClients(first: Config, clock: Clock, above?: Admission): Clients {
  let config = first;
  let isRelay = networkSet(first.relay.networks);
  let table = readTable(first);
  let asked: { readonly by: unknown; readonly screen: Screen } | undefined;
  const spent = spentRates();

  const standingOf = (address: string): Standing => ({ relay: isRelay(address), listed: table.find(address) });
  return {
    admission: above ?? createAdmission({ clock, standingOf, limits: () => limitsOf(config) }),
    follow(next) {
      config = next;
      isRelay = networkSet(next.relay.networks);
      try {
        table = readTable(next);
        return [];
      } catch (error) {
        return [error instanceof Error ? error.message : String(error)];
      }
    },
    askBy(resolver) {
      const { dnsbl, clients } = config;
      const by = [dnsbl, clients.dnsbl_score, clients.dnsbl_time];
      if (isDeepStrictEqual(asked?.by, by)) return;
      asked?.screen[Symbol.dispose]();
      asked = dnsbl.length === 0 ? undefined : { by, screen: screenOf(config, resolver, clock) };
    },
    watch(role, reception) {
      const { clients } = config;
      return watched(reception, {
        clock,
        spent,
        rates: {
          messages: clients.messages_per_minute,
          recipients: clients.recipients_per_minute,
          ...widthOf(config),
        },
        isExempt(address) {
          const { relay, listed } = standingOf(address);
          return relay || listed === "allow";
        },
        // Users may well sit where no mail should come from.
        screen: role === "mx" ? asked?.screen : undefined,
        refuseAt: clients.dnsbl_at,
      });
    },
    [Symbol.dispose]: () => asked?.screen[Symbol.dispose](),
  };
}

function limitsOf(config: Config): ReturnType<Parameters<typeof createAdmission>[0]["limits"]> {
  const { connections, reserved, connections_per_client, connections_per_minute } = config.clients;
  return {
    connections,
    reserved,
    perClient: connections_per_client,
    perMinute: connections_per_minute,
    ...widthOf(config),
  };
}

function widthOf({ clients }: Config): { readonly ipv4Prefix: number; readonly ipv6Prefix: number } {
  return { ipv4Prefix: clients.ipv4_prefix, ipv6Prefix: clients.ipv6_prefix };
}

function screenOf({ dnsbl, clients }: Config, resolver: Resolver, clock: Clock): Screen {
  const { dnsbl_score: threshold, dnsbl_time: patience } = clients;
  return openScreen({ lists: dnsbl.map(entryOf), threshold, patience, resolver, clock });
}

function entryOf({ zone, answers, action, score }: DnsblConfig): DnsblEntry {
  return { zone, action, score, wanted: networkSet(answers) };
}

function readTable({ clients }: Config): ClientTable {
  const entries = (networks: readonly Network[], listed: ClientEntry["listed"]): ClientEntry[] =>
    networks.map(({ address, prefix }) => ({ address, prefix, listed }));
  return clientTable([
    ...entries(clients.allow, "allow"),
    ...entries(clients.deny, "deny"),
    ...clients.allow_files.flatMap((path) => entries(readList(path), "allow")),
    ...clients.deny_files.flatMap((path) => entries(readList(path), "deny")),
  ]);
}

function readList(path: string): readonly Network[] {
  const text = readText(path);
  const read = parseClientList(text, parseNetwork);
  if (!read.ok) throw new Error(`${path}:${read.error.line}: ${read.error.message}`);
  return read.value;
}

function readText(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > LONGEST_FILE) throw new Error(`it is longer than ${LONGEST_FILE} octets`);
    return readFileSync(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot read the list ${path}: ${reason}`, { cause: error });
  }
}

const LONGEST_FILE = 64_000_000;
