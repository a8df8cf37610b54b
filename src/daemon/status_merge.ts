import type { DaemonStatus, Readiness } from "./control_api.ts";
import { MOST_FAULTS } from "./recent.ts";

type Counted = Pick<DaemonStatus, "queue" | "limited" | "faults">;

/** What several processes count, as one. */
export function mergeCounted(parts: readonly Counted[]): Counted {
  const limited = new Map<string, number>();
  for (const [limit, count] of parts.flatMap((part) => Object.entries(part.limited))) {
    limited.set(limit, (limited.get(limit) ?? 0) + count);
  }
  const faults = parts.flatMap((part) => part.faults).sort((a, b) => (a.at < b.at ? -1 : 1));
  return {
    queue: mergeQueues(parts.map(({ queue }) => queue)),
    limited: Object.fromEntries(limited),
    faults: faults.slice(-MOST_FAULTS),
  };
}

/** Ready when all are, with every reason once. */
export function mergeReadiness(parts: readonly Readiness[]): Readiness {
  const reasons = new Map(
    parts.flatMap((part) => part.reasons).map((reason) => [`${reason.kind} ${reason.text}`, reason]),
  );
  return { ready: reasons.size === 0, reasons: [...reasons.values()] };
}

function mergeQueues(queues: readonly DaemonStatus["queue"][]): DaemonStatus["queue"] {
  const sum = (number: (queue: DaemonStatus["queue"]) => number): number =>
    queues.reduce((total, queue) => total + number(queue), 0);
  const [oldest] = queues.flatMap(({ oldestDue }) => oldestDue ?? []).sort();
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
