import { type Level, type LocalPolicy, type NextHost, strongest, type TlsFacts } from "../policy/mod.ts";
import type { Errand, PlanOptions } from "./plan.ts";

/** The local entry speaks for the recipient domain; a fixed next hop has its own, and its route may ask for more. */
export function factsFor(errand: Errand, host: NextHost, options: PlanOptions): TlsFacts {
  const { local, also } = localEntries(errand, options);
  return {
    destination: errand.destination,
    host,
    ...(local === undefined ? {} : { local }),
    ...(also.length === 0 ? {} : { also }),
    now: options.now,
  };
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
