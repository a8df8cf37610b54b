import type { Millis } from "../../base/mod.ts";
import { changed, type Orphan, type ReadyWorker, readyOf, type State, tell } from "./state.ts";

/** Gives every shard that may be given to the worker that has the fewest; what cannot be had is tried again later. */
export async function adoptOrphans(state: State): Promise<void> {
  const { clock } = state.parts;
  for (const orphan of state.orphans.values()) {
    const { shard, notBefore } = orphan;
    const wait = notBefore - clock.monotonic();
    const adopter = wait > 0 ? undefined : fewestShards(readyOf(state));
    if (wait > 0) later(state, orphan, wait);
    if (adopter === undefined || state.stopping) continue;
    state.orphans.delete(shard);
    const adopting = adopt(state, shard, adopter).finally(() => state.adopting.delete(shard));
    state.adopting.set(shard, adopting);
    await adopting;
  }
}

/** Before its own worker begins again: nobody else has it then. Rejects when the one who has it does not give it. */
export async function takeBack(state: State, shard: number): Promise<void> {
  await state.adopting.get(shard);
  state.orphans.delete(shard);
  const holder = readyOf(state).find(({ shards }) => shards.has(shard));
  if (holder === undefined) return;
  await holder.process.call.giveBack(shard);
  holder.shards.delete(shard);
  changed(state);
}

async function adopt(state: State, shard: number, { number, process, shards }: ReadyWorker): Promise<void> {
  const { clock } = state.parts;
  try {
    await process.call.adopt(shard);
    shards.add(shard);
    tell(`Worker ${number} delivers from shard-${shard} too`);
    changed(state);
  } catch (error) {
    if (state.stopping) return;
    tell(`Worker ${number} cannot take shard-${shard}: ${(error as Error).message}`);
    const orphan = { shard, notBefore: clock.monotonic() + AGAIN };
    state.orphans.set(shard, orphan);
    later(state, orphan, AGAIN);
  }
}

function later(state: State, orphan: Orphan, wait: Millis): void {
  state.tries.get(orphan.shard)?.[Symbol.dispose]();
  const timer = state.parts.clock.after(wait, () => {
    if (!state.stopping && state.orphans.get(orphan.shard) === orphan) void adoptOrphans(state);
  });
  state.tries.set(orphan.shard, timer);
}

function fewestShards(workers: readonly ReadyWorker[]): ReadyWorker | undefined {
  const [first, ...others] = workers;
  return first && others.reduce((least, one) => (one.shards.size < least.shards.size ? one : least), first);
}

/** Before a shard that could not be opened is tried again. */
const AGAIN: Millis = 30_000;
