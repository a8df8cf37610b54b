import { readFile } from "node:fs/promises";
import type { Clock, Millis, Random } from "../../base/mod.ts";
import { createExpiringStore } from "../cache/expiring.ts";
import { createMessageCache } from "../cache/messages.ts";
import type { TrustAnchors } from "../dnssec/anchors.ts";
import { ROOT_ANCHORS } from "../dnssec/anchors.ts";
import { validatingResolver } from "../resolve/resolver.ts";
import type { Lookup, ProofNode, ProvingResolver } from "../resolve/types.ts";
import type { KnownZone } from "../resolve/walk.ts";
import type { Exchange } from "../wire/exchange.ts";
import { parseAnchors } from "./anchor-file.ts";
import type { DnsDialer } from "./dial.ts";
import { createExchange } from "./exchange.ts";
import { secondLook } from "./second-look.ts";
import type { SelfTestNames, SelfTestReport } from "./self-test.ts";
import { dnsSelfTest, SELF_TEST_NAMES } from "./self-test.ts";
import type { DnsServer } from "./servers.ts";
import { DNS_PORT, DNS_TLS_PORT, isLoopback, parseServer, serverText, systemServers } from "./servers.ts";
import { createTransport } from "./transport.ts";
import { trustAdResolver } from "./trust-ad.ts";

export interface DnsOptions {
  /** Such as `127.0.0.1`, `[::1]:5353`; the system's when there is none. */
  readonly servers?: readonly (string | DnsServer)[];
  readonly mode: "validate" | "trust-ad";
  /** `builtin` is the root's keys; any other string is the path of a file of DS or DNSKEY records. */
  readonly anchors: string | { readonly text: string };
  /** DNS over TLS to every server, under this name; the port is then 853 unless given. */
  readonly tls?: { readonly name: string; readonly ca?: string };
  /** Believes AD from a server beyond this machine: whoever sits between can then switch DANE off. */
  readonly forceTrustAd?: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly dialer?: DnsDialer;
  readonly selfTestNames?: Partial<SelfTestNames>;
  /** Bound on one message's question to the servers; 10 s by default. */
  readonly deadline?: Millis;
  readonly mixCase?: boolean;
}

export interface Dns {
  readonly resolver: ProvingResolver;
  /** Raw messages, asked with CD. */
  readonly exchange: Exchange;
  readonly servers: readonly DnsServer[];
  readonly mode: "validate" | "trust-ad";
  /** Proves that DNSSEC works here; never rejects but for an abort. */
  selfTest(signal?: AbortSignal): Promise<SelfTestReport>;
  close(): void;
}

/** A mistake in what was asked for, in words for the operator. */
export class DnsSetupError extends Error {}

/** Puts DNS together: servers, store, and the judge of what they say. Asks nothing yet. Throws `DnsSetupError`. */
export async function openDns(options: DnsOptions): Promise<Dns> {
  const { clock, mode } = options;
  const servers = serversOf(options);
  if (mode === "trust-ad" && options.forceTrustAd !== true) refuseRemote(servers);
  const anchors = await anchorsOf(options.anchors);
  const transport = createTransport({ ...options, servers });
  const cache = createMessageCache();
  const unchecked = createExchange(transport, { clock, cache, mode: "checking-disabled" });
  const checked = createExchange(transport, { clock, cache, mode: "checked" });
  const server = servers.map(serverText).join(", ");
  const resolver = secondLook(
    mode === "validate"
      ? validatingResolver({ exchange: unchecked, clock, anchors, ...stores(clock) })
      : trustAdResolver({ checked, unchecked, clock, server }),
    clock,
  );
  const names = { ...SELF_TEST_NAMES, ...options.selfTestNames };
  return {
    resolver,
    exchange: unchecked,
    servers,
    mode,
    selfTest: (signal) =>
      dnsSelfTest({ resolver, unchecked, mode, names, server, ...(signal === undefined ? {} : { signal }) }),
    close: () => transport.close(),
  };
}

function serversOf(options: DnsOptions): readonly DnsServer[] {
  const asked = options.servers ?? [];
  const port = options.tls === undefined ? DNS_PORT : DNS_TLS_PORT;
  const servers = asked.length === 0 ? systemServers() : asked.map((server) => readServer(server, port));
  if (servers.length === 0) throw new DnsSetupError("No DNS server is configured, and the system names none");
  const { tls } = options;
  if (tls === undefined) return servers;
  // The system's servers are named without regard to TLS, so their port is not meant for it.
  return servers.map((server) => ({ ...server, tls, port: asked.length === 0 ? DNS_TLS_PORT : server.port }));
}

function readServer(server: string | DnsServer, port: number): DnsServer {
  if (typeof server !== "string") return server;
  const parsed = parseServer(server, port);
  if (parsed.ok) return parsed.value;
  throw new DnsSetupError(`Cannot use DNS server: ${parsed.error}`);
}

// RFC 7672 §2.1.1
function refuseRemote(servers: readonly DnsServer[]): void {
  const remote = servers.find((server) => !isLoopback(server.address));
  if (remote === undefined) return;
  throw new DnsSetupError(
    `Refusing trust-ad with ${serverText(remote)}: it is not on this machine, so anybody on the way could forge the AD bit. ` +
      'Use dnssec = "validate", or run a validating resolver on 127.0.0.1',
  );
}

async function anchorsOf(anchors: DnsOptions["anchors"]): Promise<TrustAnchors> {
  if (anchors === "builtin") return ROOT_ANCHORS;
  const where = typeof anchors === "string" ? anchors : "the trust anchors";
  const text = typeof anchors === "string" ? await readAnchors(anchors) : anchors.text;
  const parsed = parseAnchors(text);
  if (parsed.ok) return parsed.value;
  throw new DnsSetupError(`Cannot use ${where}: ${parsed.error}`);
}

async function readAnchors(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new DnsSetupError(
      `Cannot read the trust anchors in ${path}: ${cause instanceof Error ? cause.message : ""}`,
      {
        cause,
      },
    );
  }
}

function stores(clock: Clock): {
  readonly zones: ReturnType<typeof createExpiringStore<KnownZone>>;
  readonly answers: ReturnType<typeof createExpiringStore<Lookup>>;
} {
  return {
    zones: createExpiringStore<KnownZone>({ clock, ...ZONE_STORE, sizeOf: ({ proof }) => proofOctets(proof) + 1_000 }),
    answers: createExpiringStore<Lookup>({ clock, ...ANSWER_STORE, sizeOf: lookupOctets }),
  };
}

function lookupOctets({ answer, proof }: Lookup): number {
  const records = answer.kind === "data" ? answer.records : [];
  const own = records.reduce((sum, record) => sum + record.rdata.length + 400, 0);
  // What lies below the first steps is shared with the store of zones.
  return own + proof.children.length * 300 + answer.chain.length * 300 + 500;
}

function proofOctets(proof: ProofNode): number {
  return (proof.detail.length + proof.subject.length) * 2 + 200;
}

const ZONE_STORE = { entries: 20_000, octets: 32 * 1024 * 1024 } as const;
const ANSWER_STORE = { entries: 50_000, octets: 64 * 1024 * 1024 } as const;
