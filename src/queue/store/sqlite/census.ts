import type { Census } from "../../port.ts";
import type { Row } from "./database.ts";
import type { Calls } from "./protocol.ts";
import type { Shard } from "./shard.ts";

/** Counts by the index of states and times; a lease that ran out counts as due. */
export function census(shard: Shard, { at }: Calls["census"]["request"]): Census {
  const now = Math.round(at);
  const counts = [0, 0, 0];
  for (const row of shard.sql.countStates.all()) {
    const kind = Math.min(numberIn(row, "state"), HELD);
    counts[kind] = (counts[kind] ?? 0) + numberIn(row, "number");
  }
  const [ready = 0, leased = 0, held = 0] = counts;
  const [due, lapsed] = [0, 1].map((state) => shard.sql.countDue.get(state, now));
  const [dueCount, lapsedCount] = [numberIn(due, "number"), numberIn(lapsed, "number")];
  const times = [due, lapsed].flatMap((row) => row?.["due"] ?? []).map(Number);
  return {
    messages: numberIn(shard.sql.countMessages.get(), "number"),
    units: { due: dueCount + lapsedCount, waiting: ready - dueCount, leased: leased - lapsedCount, held },
    ...(times.length === 0 ? {} : { oldestDue: Math.min(...times) }),
  };
}

function numberIn(row: Row | undefined, column: string): number {
  return Number(row?.[column]);
}

/** Every state from here on is a way of being held. */
const HELD = 2;
