import type { Clock, Instant } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import { isQueueId, type Store } from "../queue/mod.ts";
import { CONTROL_VERSION, type DaemonStatus, type Operator } from "./control_api.ts";
import type { Drain } from "./drain.ts";
import type { BoundListener } from "./listen.ts";
import type { Measure } from "./measure.ts";
import type { PauseBook } from "./pauses.ts";
import type { PolicyService } from "./policy_service.ts";
import { readinessOf } from "./readiness.ts";
import type { Recent } from "./recent.ts";

export interface OperatorParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly store: Store;
  readonly listeners: readonly BoundListener[];
  readonly inject: Operator["submit"];
  readonly service: Pick<PolicyService, "addresses" | "counts">;
  readonly pauses: PauseBook;
  readonly drain: Drain;
  readonly measure: Measure;
  readonly recent: Recent;
  /** A parent has the listeners. */
  readonly handed: boolean;
  /** Of our certificates, the earliest end. */
  readonly certificates?: { readonly expires: Instant } | undefined;
}

/** What the control socket may do with the running daemon. */
export function operatorOf(parts: OperatorParts): Operator {
  const { config, store, listeners, service, pauses, certificates } = parts;
  const started = new Date(parts.clock.now()).toISOString();
  return {
    async status() {
      return {
        version: CONTROL_VERSION,
        hostname: config.hostname,
        pid: process.pid,
        started,
        listeners: listeners.map(({ role, host, port, tls }) => ({ role, address: `${host}:${port}`, tls })),
        ...(isOffered(config) ? { policyService: { addresses: service.addresses, ...service.counts } } : {}),
        queue: await queueOf(parts.measure),
        state: pauses.draining ? "draining" : "running",
        paused: pauses.now,
        limited: parts.recent.limited,
        faults: parts.recent.faults,
        ...(certificates === undefined ? {} : { certificatesEnd: new Date(certificates.expires).toISOString() }),
      };
    },
    list: (query) => store.list(query),
    show: async (id) => (isQueueId(id) ? await store.show(id) : undefined),
    async content(id) {
      const found = isQueueId(id) ? await store.show(id) : undefined;
      return found && { size: found.bodySize, content: store.openBody(found.id) };
    },
    async operate(filter, operation) {
      const count = await store.operate(filter, operation, parts.clock.now());
      if (count > 0 || filter.message === undefined) return count;
      return (await store.show(filter.message)) === undefined ? undefined : 0;
    },
    tallies: (day) => store.tallies(day),
    pause: async (change) => pauses.change("pause", change),
    resume: async (change) => pauses.change("resume", change),
    drain: (until) => parts.drain.start(until),
    metrics: () => parts.measure.snapshots(),
    readiness: () => readinessOf(parts),
    submit: parts.inject,
  };
}

function isOffered({ policy_service: { address, path } }: Config): boolean {
  return address !== undefined || path !== undefined;
}

async function queueOf(measure: Measure): Promise<DaemonStatus["queue"]> {
  const { messages, units, oldestDue } = await measure.census();
  return {
    messages,
    units: units.due + units.waiting + units.leased + units.held,
    states: units,
    ...(oldestDue === undefined ? {} : { oldestDue: new Date(oldestDue).toISOString() }),
  };
}
