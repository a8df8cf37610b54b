import { fuzz, type Target } from "./fuzz.ts";
import { planted } from "./_planted.ts";

/**
 * `node test/fuzz/prove.ts RUNS SEED`: looks for the planted fault led by blocks and not led, in a process that has loaded
 * little else: the engine tells the blocks of every module each time. Says the runs and the faults of both as JSON.
 */
const [runs = "", seed = ""] = process.argv.slice(2);
const target: Target = { name: "planted", files: ["fuzz/_planted.ts"], seeds: ["aaaa"], read: planted };
const search = async (guided: boolean): Promise<object> => {
  const { runs: done, faults } = await fuzz(target, Number(runs), { seed: Number(seed), guided });
  return { guided, runs: done, faults: faults.length };
};
console.log(JSON.stringify([await search(true), await search(false)]));
