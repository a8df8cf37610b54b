import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** By how many octets memory that is in use has grown after `work`. */
export async function retained(work: () => Promise<void>): Promise<number> {
  const before = await inUse();
  await work();
  return (await inUse()) - before;
}

async function inUse(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // What the first round lets go of outside the heap is gone after the second.
  collect();
  await turn();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
