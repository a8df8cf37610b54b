import type { Crew } from "./crew.ts";
import { PeerGone } from "./rpc.ts";
import type { ReadyWorker } from "./state.ts";

type Ask<T> = (worker: ReadyWorker) => Promise<T>;

/** Asks those who are there; one that dies meanwhile is none of them. */
export async function answersOf<T>(crew: Crew, ask: Ask<T>): Promise<readonly T[]> {
  const answers = await Promise.all(
    crew.ready().map(async (worker) => {
      try {
        return [await ask(worker)];
      } catch (error) {
        if (error instanceof PeerGone) return [];
        throw error;
      }
    }),
  );
  return answers.flat();
}

/**
 * Asks all, when every shard is in somebody's hands; for what may be asked twice: when one dies meanwhile, it is asked
 * again. Rejects when that does not help.
 */
export async function allAnswers<T>(crew: Crew, ask: Ask<T>): Promise<readonly T[]> {
  return await untilAnswered(async () => await Promise.all((await crew.everyone()).map(ask)));
}

export async function untilAnswered<T>(work: () => Promise<T>): Promise<T> {
  for (let left = TRIES; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PeerGone) || left <= 1) throw error;
    }
  }
}

const TRIES = 3;
