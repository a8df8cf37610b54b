import { statfs } from "node:fs/promises";
import type { Clock, Instant, Millis } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import type { Gauges, MetricsSnapshot } from "../observe/mod.ts";
import type { Metrics } from "../observe/io/mod.ts";
import type { Census, Store } from "../queue/mod.ts";
import type { PausableStore } from "./pause_sending.ts";
import type { PauseBook } from "./pauses.ts";
import type { Sending } from "./sending.ts";

export interface MeasureParts {
  readonly config: Pick<Config, "data_dir">;
  readonly clock: Clock;
  readonly store: Pick<Store, "census">;
  readonly outgoing: Pick<PausableStore, "underWay">;
  readonly pauses: PauseBook;
  /** The earliest end of our certificates. */
  readonly certificates?: { readonly expires: Instant } | undefined;
  readonly lists?: Sending["lists"] | undefined;
  /** Absent where nobody wants metrics. */
  readonly metrics?: Metrics | undefined;
}

export interface Measure {
  /** How much there is of what. Those who ask at the same time share one look; one at a large queue lasts a while. */
  census(): Promise<Census>;
  /** Of this process; none where nobody wants metrics. */
  snapshots(): Promise<readonly MetricsSnapshot[]>;
}

/** Looks at what no event tells of. */
export function measureOf(parts: MeasureParts): Measure {
  const { clock, store } = parts;
  let looking: Promise<Census> | undefined;
  let known: { readonly census: Census; readonly until: Millis } | undefined;
  const look = async (): Promise<Census> => {
    const since = clock.monotonic();
    const found = await store.census(clock.now()).finally(() => (looking = undefined));
    const now = clock.monotonic();
    known = found.messages < LARGE ? undefined : { census: found, until: now + (now - since) * REST };
    return found;
  };
  const census = async (): Promise<Census> => {
    if (known !== undefined && clock.monotonic() < known.until) return known.census;
    looking ??= look();
    return await looking;
  };
  return {
    census,
    async snapshots() {
      if (parts.metrics === undefined) return [];
      const queue = await census().catch(() => undefined);
      return [await parts.metrics.snapshot({ ...gaugesOf(parts, queue), ...(await diskOf(parts.config.data_dir)) })];
    },
  };
}

function gaugesOf({ clock, outgoing, pauses, certificates, lists }: MeasureParts, queue: Census | undefined): Gauges {
  const now = clock.now();
  return {
    ...(queue === undefined ? {} : { queue: { ...queue, oldestDue: secondsSince(queue.oldestDue, now) } }),
    underWay: outgoing.underWay(),
    paused: {
      receiving: pauses.now.receiving,
      sending: pauses.now.sending,
      draining: pauses.draining,
      destinations: pauses.now.destinations.length,
    },
    ...(certificates === undefined ? {} : { certificate: (certificates.expires - now) / 1000 }),
    lists: (lists?.() ?? []).flatMap(({ source, held }) =>
      held === undefined
        ? []
        : [
            {
              name: source.name,
              age: (now - held.list.timestamp) / 1000,
              expiry: (held.list.expires - now) / 1000,
            },
          ],
    ),
  };
}

/** The room on the disk, or nothing where the system does not say. */
export async function diskOf(folder: string): Promise<Pick<Gauges, "disk">> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { disk: { free: bavail * bsize, size: blocks * bsize } };
  } catch {
    return {};
  }
}

function secondsSince(instant: Instant | undefined, now: Instant): number {
  return instant === undefined ? 0 : Math.max(0, now - instant) / 1000;
}

/** Messages; counting fewer takes the store no time that matters. */
const LARGE = 10_000;
/** So many times longer than a look took, its answer is used: the store spends at most a twentieth of its time on them. */
const REST = 20;
