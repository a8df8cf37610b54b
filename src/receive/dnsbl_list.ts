import type { Clock } from "../base/mod.ts";
import type { Answer, Resolver } from "../dns/mod.ts";
import { readAddress } from "./clients_address.ts";
import { dnsblHealth } from "./dnsbl_health.ts";
import { dnsblMemory } from "./dnsbl_memory.ts";
import { dnsblName, type DnsblVerdict, judgeAnswer } from "./dnsbl_query.ts";

export interface DnsblListOptions {
  readonly zone: string;
  /** Which codes count as a listing. */
  readonly wanted: (code: string) => boolean;
  readonly resolver: Resolver;
  readonly clock: Clock;
  /** Called for each listing that is learnt; not for one that is remembered. */
  readonly heard?: (address: string, codes: readonly string[]) => void;
}

/** One list of clients in DNS (RFC 5782 §2). It is asked only while it is sound. */
export interface DnsblList extends Disposable {
  readonly zone: string;
  /** false: the list says nothing, for whatever reason. Rejects for nothing. */
  lists(address: string, signal: AbortSignal): Promise<boolean>;
  /** The list's own words about a listing, as they came. */
  reason(address: string, signal: AbortSignal): Promise<string | undefined>;
}

export function openDnsblList({ zone, wanted, resolver, clock, heard }: DnsblListOptions): DnsblList {
  const memory = dnsblMemory<DnsblVerdict>(clock);
  const health = dnsblHealth({ zone, clock, query: async (name, signal) => await query(resolver, name, signal) });

  const look = async (address: string, signal: AbortSignal): Promise<DnsblVerdict | undefined> => {
    const name = dnsblName(address, zone);
    const { sound } = health;
    if (name === undefined || sound === undefined) return undefined;
    if (!sound.ipv6 && readAddress(address)?.family === "ipv6") return undefined;
    const answer = await query(resolver, name, signal);
    const verdict = judgeAnswer(answer, wanted);
    health.count(verdict);
    if (verdict.kind === "listed") heard?.(address, verdict.codes);
    if (verdict.kind === "listed" || verdict.kind === "not-listed") {
      memory.set(address, verdict, "expires" in answer ? answer.expires : undefined);
    }
    return verdict;
  };
  return {
    zone,
    async lists(address, signal) {
      const known = memory.get(address) ?? (await look(address, signal));
      return known?.kind === "listed" && health.sound !== undefined;
    },
    async reason(address, signal) {
      const name = dnsblName(address, zone);
      if (name === undefined) return undefined;
      const answer = await query(resolver, name, signal, "TXT");
      return answer.kind === "data" ? answer.records[0] : undefined;
    },
    [Symbol.dispose]: () => health[Symbol.dispose](),
  };
}

/** A resolver rejects for an abort alone; that is a failure like any other here. */
async function query(
  resolver: Resolver,
  name: string,
  signal: AbortSignal,
  type: "A" | "TXT" = "A",
): Promise<Answer<string>> {
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => stopped.reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([resolver.query(name, type, { signal }), stopped.promise]);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { name, chain: [], kind: "failure", cause: "unavailable", detail };
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
