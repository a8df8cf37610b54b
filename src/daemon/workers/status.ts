import { CONTROL_VERSION, type DaemonStatus } from "../control_api.ts";
import { MOST_FAULTS } from "../recent.ts";
import { answersOf } from "./asking.ts";
import type { CrewOperatorParts } from "./operator.ts";

/** Of those who are there; a worker that is not says so by its state. */
export async function crewStatus({ crew, facts, lookups, own }: CrewOperatorParts): Promise<DaemonStatus> {
  const all = await answersOf(crew, async ({ process }) => await process.call.status());
  const sum = (of: (status: DaemonStatus) => number): number => all.reduce((total, status) => total + of(status), 0);
  const faults = [...all.flatMap((one) => one.faults), ...own.recent.faults];
  const end = all.flatMap(({ certificatesEnd }) => certificatesEnd ?? []).sort()[0];
  return {
    version: CONTROL_VERSION,
    ...facts,
    pid: process.pid,
    ...(lookups.length === 0
      ? {}
      : {
          policyService: {
            addresses: lookups,
            requests: sum(({ policyService }) => policyService?.requests ?? 0),
            hits: sum(({ policyService }) => policyService?.hits ?? 0),
            failures: sum(({ policyService }) => policyService?.failures ?? 0),
          },
        }),
    queue: queueOf(all.map(({ queue }) => queue)),
    workers: crew.members.map(({ number, state, shards, process: one }) => ({
      number,
      ...(one?.pid === undefined ? {} : { pid: one.pid }),
      state,
      shards: [...shards].sort((left, right) => left - right),
      connections: one?.active ?? 0,
    })),
    state: all.some(({ state }) => state === "draining") ? "draining" : "running",
    paused: all[0]?.paused ?? { receiving: false, sending: false, destinations: [] },
    limited: counted([...all.map(({ limited }) => limited), own.recent.limited]),
    faults: faults.sort((left, right) => (left.at < right.at ? -1 : 1)).slice(-MOST_FAULTS),
    ...(end === undefined ? {} : { certificatesEnd: end }),
  };
}

function queueOf(queues: readonly DaemonStatus["queue"][]): DaemonStatus["queue"] {
  const sum = (of: (queue: DaemonStatus["queue"]) => number): number =>
    queues.reduce((total, queue) => total + of(queue), 0);
  const oldest = queues.flatMap(({ oldestDue }) => oldestDue ?? []).sort()[0];
  return {
    messages: sum(({ messages }) => messages),
    units: sum(({ units }) => units),
    states: {
      due: sum(({ states }) => states.due),
      waiting: sum(({ states }) => states.waiting),
      leased: sum(({ states }) => states.leased),
      held: sum(({ states }) => states.held),
    },
    ...(oldest === undefined ? {} : { oldestDue: oldest }),
  };
}

function counted(parts: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const sums = new Map<string, number>();
  for (const [limit, count] of parts.flatMap((part) => Object.entries(part))) {
    sums.set(limit, (sums.get(limit) ?? 0) + count);
  }
  return Object.fromEntries(sums);
}
