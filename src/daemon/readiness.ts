import type { Clock, Millis } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import type { Store } from "../queue/mod.ts";
import type { Readiness } from "./control_api.ts";
import { diskOf } from "./measure.ts";
import type { PauseBook } from "./pauses.ts";

export interface ReadinessParts {
  readonly config: Pick<Config, "data_dir" | "listen" | "queue">;
  readonly clock: Clock;
  readonly store: Pick<Store, "forgetTallies">;
  readonly pauses: PauseBook;
  readonly listeners: readonly unknown[];
  /** A parent has the listeners. */
  readonly handed: boolean;
  /** Octets left on the disk; the system says it unless given. */
  readonly free?: (folder: string) => Promise<number | undefined>;
}

/** Whether a load balancer may send mail here, with every reason against it. */
export async function readinessOf(parts: ReadinessParts): Promise<Readiness> {
  const { config, pauses, listeners, handed } = parts;
  const [store, disk] = await Promise.all([storeReason(parts), diskReason(parts)]);
  const reasons: Readiness["reasons"][number][] = [];
  if (pauses.draining) reasons.push({ kind: "draining", text: "The queue is drained, then the program ends" });
  if (pauses.now.receiving) reasons.push({ kind: "paused", text: "Receiving is paused" });
  if (pauses.now.sending) reasons.push({ kind: "paused", text: "Sending is paused" });
  if (!handed && listeners.length < config.listen.length) {
    reasons.push({ kind: "listeners", text: `${listeners.length} of ${config.listen.length} listeners are open` });
  }
  reasons.push(...store, ...disk);
  return { ready: reasons.length === 0, reasons };
}

/** A transaction that changes nothing: after a failed write or sync it fails until the store is sound again. */
async function storeReason({ store, clock }: ReadinessParts): Promise<Readiness["reasons"]> {
  const late = Promise.withResolvers<string>();
  using _timer = clock.after(PATIENCE, () => late.resolve(`no answer within ${PATIENCE / 1000} s`));
  const trouble = await Promise.race([
    store.forgetTallies(BEFORE_ALL).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    ),
    late.promise,
  ]);
  return trouble === undefined ? [] : [{ kind: "store", text: `The queue cannot be written: ${trouble}` }];
}

async function diskReason({ config, free = freeOn }: ReadinessParts): Promise<Readiness["reasons"]> {
  const room = await free(config.data_dir);
  const least = config.queue.free_space;
  if (room === undefined || room >= least) return [];
  return [{ kind: "disk-space", text: `${room} octets are free in ${config.data_dir}, less than ${least}` }];
}

async function freeOn(folder: string): Promise<number | undefined> {
  return (await diskOf(folder)).disk?.free;
}

const PATIENCE: Millis = 5000;
/** A day of which there are no tallies. */
const BEFORE_ALL = "0000-01-01";
