import { recordLives } from "./recording.ts";
import { simulate } from "./simulate.ts";

/** `node test/crash/power/main.ts [CRASHES [SEED]]`: cuts the power so many times (default 10,000) and prints the counts. */
async function main([crashes = "10000", seed = "1"]: readonly string[]): Promise<void> {
  const began = performance.now();
  const recording = await recordLives(Number(seed));
  const result = await simulate(recording, { crashes: Number(crashes), seed: Number(seed), enough: 20 });
  console.log(JSON.stringify({ ...result, seconds: Math.round((performance.now() - began) / 1000) }, undefined, 2));
  process.exitCode = result.broken.length === 0 ? 0 : 1;
}

await main(process.argv.slice(2));
