import type { Bytes } from "../../base/mod.ts";
import { joinedView, type QueueView } from "../../queue/store/mod.ts";
import type { DaemonStatus, Operator, Readiness } from "../control_api.ts";
import type { Recent } from "../recent.ts";
import { allAnswers, answersOf, untilAnswered } from "./asking.ts";
import type { Crew } from "./crew.ts";
import { crewStatus } from "./status.ts";
import type { ReadyWorker } from "./state.ts";

export interface CrewOperatorParts {
  readonly crew: Crew;
  readonly facts: Pick<DaemonStatus, "hostname" | "started" | "listeners">;
  /** Of the policy service. */
  readonly lookups: readonly string[];
  /** What this process itself knows. */
  readonly own: {
    readonly recent: Recent;
    readonly metrics: Operator["metrics"];
  };
}

/** The operator of all workers together. What is asked of the queue is asked of every shard, or fails. */
export function crewOperator(parts: CrewOperatorParts): Operator {
  const { crew, own } = parts;
  const viewed = async <T>(look: (view: QueueView) => Promise<T>): Promise<T> =>
    await untilAnswered(async () => {
      const workers = await crew.everyone();
      return await look(joinedView(() => workers.map(viewOf)));
    });
  return {
    status: async () => await crewStatus(parts),
    list: async (query) => await viewed(async (view) => await view.list(query)),
    show: async (id) => firstOf(await allAnswers(crew, async ({ process }) => await process.call.show(id))),
    content: async (id) => firstOf(await allAnswers(crew, async (worker) => await contentFrom(worker, id))),
    async operate(filter, operation) {
      const counts = await allAnswers(crew, async ({ process }) => await process.call.operate(filter, operation));
      const known = counts.filter((count) => count !== undefined);
      return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0);
    },
    tallies: async (day) => await viewed(async (view) => await view.tallies(day)),
    // Each keeps it in the one file, and remembers it.
    pause: async (change) => last(await allAnswers(crew, async ({ process }) => await process.call.pause(change))),
    resume: async (change) => last(await allAnswers(crew, async ({ process }) => await process.call.resume(change))),
    async metrics() {
      const all = await answersOf(crew, async ({ process }) => await process.call.metrics());
      return [...all.flat(), ...(await own.metrics())];
    },
    readiness: async () => await readinessOf(crew),
    async drain(until) {
      // One that dies is drained in its next life.
      const ended = await allAnswers(crew, async ({ process }) => await process.call.drain(until));
      return (["stopped", "late"] as const).find((how) => ended.includes(how)) ?? "empty";
    },
    async submit(message) {
      const [first] = [...(await crew.everyone())].sort((one, other) => one.process.active - other.process.active);
      if (first === undefined) throw new Error("No worker is ready");
      return await first.process.call.submit(message);
    },
  };
}

function viewOf({ process }: ReadyWorker): QueueView {
  return {
    list: async (query) => await process.call.list(query),
    show: async (id) => await process.call.show(id),
    count: async () => (await process.call.status()).queue,
    tallies: async (day) => await process.call.tallies(day),
  };
}

function firstOf<T>(found: readonly (T | undefined)[]): T | undefined {
  return found.find((one) => one !== undefined);
}

async function contentFrom(
  { process }: ReadyWorker,
  id: string,
): Promise<{ readonly size: number; readonly content: AsyncIterable<Bytes> } | undefined> {
  const opened = await process.call.openContent(id);
  if (opened === undefined) return undefined;
  const { size, stream } = opened;
  return {
    size,
    content: (async function* chunks(): AsyncIterable<Bytes> {
      try {
        for (let chunk = await process.call.readContent(stream); chunk !== undefined; ) {
          yield chunk;
          chunk = await process.call.readContent(stream);
        }
      } finally {
        process.call.closeContent(stream).catch(() => undefined);
      }
    })(),
  };
}

/** Who is not there cannot say that it is well. */
async function readinessOf(crew: Crew): Promise<Readiness> {
  const all = await answersOf(crew, async ({ process }) => await process.call.readiness());
  const reasons = new Map(all.flatMap((one) => one.reasons).map((reason) => [reason.text, reason]));
  for (const shard of crew.orphans()) {
    const text = `shard-${shard} is in no worker's hands`;
    reasons.set(text, { kind: "store", text });
  }
  return { ready: reasons.size === 0, reasons: [...reasons.values()] };
}

function last<T>(all: readonly T[]): T {
  const value = all.at(-1);
  if (value === undefined) throw new Error("No worker is ready");
  return value;
}
