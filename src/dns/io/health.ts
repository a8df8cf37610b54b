import type { Millis } from "../../base/mod.ts";
import type { DnsServer } from "./servers.ts";

/** How the servers fare, so that a dead one is asked last and a slow one gets its time. */
export interface Health {
  /** Servers in the order to ask them: as configured, those that failed lately last. */
  order(now: Millis): readonly DnsServer[];
  /** How long to wait for this server before another question goes out; doubles by `round`. */
  patience(server: DnsServer, round: number): Millis;
  answered(server: DnsServer, took: Millis): void;
  failed(server: DnsServer, now: Millis): void;
}

export function createHealth(servers: readonly DnsServer[]): Health {
  const marks = new Map<DnsServer, Mark>(servers.map((server) => [server, FRESH]));
  const markOf = (server: DnsServer): Mark => marks.get(server) ?? FRESH;

  return {
    order(now) {
      if (servers.length < 2) return servers;
      const resting = (server: DnsServer): boolean => markOf(server).restUntil > now;
      const tired = servers.filter(resting).sort((a, b) => markOf(a).restUntil - markOf(b).restUntil);
      return [...servers.filter((server) => !resting(server)), ...tired];
    },
    patience(server, round) {
      const { srtt } = markOf(server);
      const base = srtt === undefined ? FIRST_PATIENCE : Math.min(Math.max(srtt * 4, LEAST_PATIENCE), FIRST_PATIENCE);
      return Math.min(base * 2 ** round, MOST_PATIENCE);
    },
    answered(server, took) {
      const { srtt } = markOf(server);
      const smoothed = srtt === undefined ? took : srtt + (took - srtt) / 8;
      marks.set(server, { failures: 0, restUntil: 0, srtt: smoothed });
    },
    failed(server, now) {
      const mark = markOf(server);
      const failures = mark.failures + 1;
      const rest = Math.min(FIRST_REST * 2 ** (failures - 1), MOST_REST);
      marks.set(server, { ...mark, failures, restUntil: now + rest });
    },
  };
}

interface Mark {
  readonly failures: number;
  readonly restUntil: Millis;
  readonly srtt?: Millis;
}

const FRESH: Mark = { failures: 0, restUntil: 0 };
const FIRST_PATIENCE: Millis = 1_500;
/** A resolver that answers from memory in 1 ms may still need this long for a name it must look up. */
const LEAST_PATIENCE: Millis = 500;
const MOST_PATIENCE: Millis = 5_000;
const FIRST_REST: Millis = 1_000;
const MOST_REST: Millis = 60_000;
