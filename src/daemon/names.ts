import type { Clock, Random } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import type { Answer, DnsName, QueryOptions, RecordType, RecordTypes, Resolver } from "../dns/mod.ts";
import { type Dns, DnsSetupError, openDns, type SelfTestReport, systemResolver } from "../dns/io/mod.ts";
import { dnssecGuard, type DnssecMemory } from "./dnssec_guard.ts";
import { StartFailure } from "./seams.ts";

export interface Names extends Disposable {
  readonly resolver: Resolver;
  /** Why DANE cannot speak here now, or undefined when it can. */
  daneOff(): Promise<string | undefined>;
}

export interface NamesParts {
  readonly clock: Clock;
  readonly random: Random;
  /** Without it a restart forgets that DNSSEC has worked. */
  readonly memory?: DnssecMemory;
}

/**
 * The resolver of the daemon. It proves before its first question, and once an hour, that DNSSEC works here. Where the
 * server strips signatures every answer is `insecure` from then on, loudly; an outage proves nothing and changes nothing.
 */
export async function openNames(config: Config, { memory, ...parts }: NamesParts): Promise<Names> {
  const plain = systemResolver({ servers: config.dns.servers });
  if (config.dns.dnssec === "off") {
    const daneOff = async (): Promise<string> => 'DANE is off: [dns] dnssec is "off"';
    return { resolver: plain, daneOff, [Symbol.dispose]: () => undefined };
  }
  const dns = await openConfigured(config, parts);
  const guard = dnssecGuard(async () => await dns.selfTest(), parts.clock, memory);
  return {
    resolver: {
      async query<T extends RecordType>(
        name: DnsName,
        type: T,
        options?: QueryOptions,
      ): Promise<Answer<RecordTypes[T]>> {
        const local = localhost(name, type);
        if (local !== undefined) return local as Answer<RecordTypes[T]>;
        return await ((await guard()).sound ? dns.resolver : plain).query(name, type, options);
      },
    },
    daneOff: async () => (await guard()).why,
    [Symbol.dispose]: () => dns.close(),
  };
}

/** Runs the self-test of the configured DNS once; for `config check --online`. */
export async function testNames(
  config: Config,
  parts: { readonly clock: Clock; readonly random: Random },
): Promise<SelfTestReport> {
  const dns = await openConfigured(config, parts);
  try {
    return await dns.selfTest();
  } finally {
    dns.close();
  }
}

async function openConfigured(config: Config, parts: { readonly clock: Clock; readonly random: Random }): Promise<Dns> {
  const { servers, dnssec, trust_anchors, tls, self_test } = config.dns;
  try {
    return await openDns({
      ...parts,
      servers,
      mode: dnssec === "trust-ad" ? "trust-ad" : "validate",
      anchors: trust_anchors,
      ...(tls === undefined ? {} : { tls: { name: tls } }),
      selfTestNames: {
        ...(self_test.secure === undefined ? {} : { secure: self_test.secure }),
        ...(self_test.bogus === undefined ? {} : { bogus: self_test.bogus }),
      },
    });
  } catch (error) {
    if (error instanceof DnsSetupError) throw new StartFailure(error.message, { cause: error });
    throw error;
  }
}

/** RFC 6761 §6.3: localhost is this machine, and no server is asked. */
function localhost(name: DnsName, type: RecordType): Answer<string> | undefined {
  if (name !== "localhost" && !name.endsWith(".localhost")) return undefined;
  const about = { name, chain: [], security: "insecure" } as const;
  if (type === "A") return { ...about, kind: "data", records: ["127.0.0.1"] };
  return type === "AAAA" ? { ...about, kind: "data", records: ["::1"] } : { ...about, kind: "nodata" };
}
