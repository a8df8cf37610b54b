import type { Answer } from "../dns/mod.ts";
import { type Domain, parseDomain } from "../mail/mod.ts";
import {
  type DaneFacts,
  type Level,
  type ListFacts,
  type LocalPolicy,
  type NextHost,
  strongest,
  type StsFacts,
  type TlsFacts,
} from "../policy/mod.ts";
import { isAddress } from "./addresses.ts";
import type { Errand, PlanOptions } from "./plan.ts";

/** What the sources that need look-ups found out for one host. */
export interface Published {
  readonly dane?: DaneFacts;
  readonly sts?: StsFacts;
  readonly list?: ListFacts;
}

/** The local entry speaks for the recipient domain; a fixed next hop has its own, and its route may ask for more. */
export function factsFor(errand: Errand, host: NextHost, options: PlanOptions, published: Published = {}): TlsFacts {
  const { local, also } = localEntries(errand, options);
  return {
    destination: errand.destination,
    host,
    ...(local === undefined ? {} : { local }),
    ...(also.length === 0 ? {} : { also }),
    ...published,
    ...(options.taking === undefined ? {} : { taking: options.taking }),
    now: options.now,
  };
}

/** The MTA-STS policy of a domain; asked for once per plan, whatever the number of hosts. */
export async function askSts(domain: Domain, options: PlanOptions): Promise<Pick<Published, "sts">> {
  if (options.sources === undefined) return {};
  const sts = await options.sources.sts(domain, options.signal === undefined ? {} : { signal: options.signal });
  return { sts };
}

/** The TLSA records of a host, once its addresses are known (RFC 7672 §2.2.2). */
export async function askDane(
  question: { readonly destination: string; readonly expanded?: string; readonly host: NextHost },
  addresses: readonly Answer<string>[],
  options: PlanOptions,
): Promise<Pick<Published, "dane">> {
  if (options.sources === undefined || question.host.literal) return {};
  return { dane: await options.sources.dane({ ...question, addresses }, options.signal) };
}

/** The domain whose published policy binds a fixed next hop: its own name (RFC 8461 §3.4); an address has none. */
export function hopDomain(host: string): Domain | undefined {
  const name = isAddress(host) ? undefined : parseDomain(host, { utf8: true, trailingDot: true });
  return name?.ok === true ? name.value : undefined;
}

function localEntries(errand: Errand, options: PlanOptions): Pick<TlsFacts, "local"> & { also: LocalPolicy[] } {
  const { via, destination } = errand;
  const own = options.policies(destination);
  if (via.kind === "mx") return own === undefined ? { also: [] } : { local: own, also: [] };
  const hop = options.policies(`${via.host}:${via.port}`) ?? options.policies(via.host);
  const route = via.tls === undefined ? undefined : { destination: `${via.host}:${via.port}`, level: via.tls };
  const also = [own, route].filter((entry) => entry !== undefined);
  return hop === undefined ? { also } : { local: hop, also };
}

/** The level that is asked for, whatever the host. */
export function wantedLevel(errand: Errand, options: PlanOptions): Level {
  const { local, also } = localEntries(errand, options);
  return [...(local === undefined ? [] : [local]), ...also].reduce<Level>(
    (most, entry) => strongest(most, entry.level),
    errand.demand.level,
  );
}
