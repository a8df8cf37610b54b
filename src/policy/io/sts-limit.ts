import type { StsFetch } from "./sts-drive.ts";

/** The same fetch, so many at a time; others wait their turn, in order, until their signal ends them. */
export function limited(fetch: StsFetch, most: number): StsFetch {
  const waiting = new Set<(turn: "come") => void>();
  let free = most;
  const leave = (): void => {
    const [next] = waiting;
    if (next === undefined) free++;
    else {
      // The place goes from hand to hand, so that nobody comes between.
      waiting.delete(next);
      next("come");
    }
  };
  return async (domain, signal) => {
    if (free > 0) free--;
    // Who is stopped has no place; the fetch sees the signal and ends at once.
    else if ((await turn(waiting, signal)) === "stopped") return await fetch(domain, signal);
    try {
      return await fetch(domain, signal);
    } finally {
      leave();
    }
  };
}

async function turn(waiting: Set<(turn: "come") => void>, signal: AbortSignal): Promise<"come" | "stopped"> {
  if (signal.aborted) return "stopped";
  const { promise, resolve } = Promise.withResolvers<"come" | "stopped">();
  const stop = (): void => {
    if (waiting.delete(resolve)) resolve("stopped");
  };
  waiting.add(resolve);
  signal.addEventListener("abort", stop, { once: true });
  const come = await promise;
  signal.removeEventListener("abort", stop);
  return come;
}
