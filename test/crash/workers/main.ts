import { killUnderLoad } from "./search.ts";

/** `node test/crash/workers/main.ts [KILLS [SEED [WORKERS]]]`: kills so often (default 1,000), and prints the counts. */
async function main([kills = "1000", seed = "1", workers = "4"]: readonly string[]): Promise<void> {
  const began = performance.now();
  const result = await killUnderLoad({
    kills: Number(kills),
    seed: Number(seed),
    workers: Number(workers),
    producers: 8,
    progress: (text) => process.stderr.write(`${text}\n`),
  });
  console.log(JSON.stringify({ ...result, seconds: Math.round((performance.now() - began) / 1000) }, undefined, 2));
  const { lost, early, refused, repeated } = result;
  process.exitCode = lost.length + early.length + refused.length + repeated.length === 0 ? 0 : 1;
}

await main(process.argv.slice(2));
