import { tmpdir } from "node:os";
import { keepRecording } from "./corpus.ts";
import { FAULTY_LIVES, type Life, recordLives, recordRefusal } from "./recording.ts";
import { simulate } from "./simulate.ts";

/**
 * `node test/crash/power/main.ts [CUTS [SEED [RECORDINGS]]]`: cuts the power so many times in all (default 10,000) over
 * so many recordings (default 5), each with other faults, and prints the counts. `main.ts keep` records the corpus.
 */
async function main([first = "10000", seed = "1", recordings = "5"]: readonly string[]): Promise<void> {
  if (first === "keep") {
    keepRecording("lives", await recordLives(1));
    keepRecording("refused", await recordRefusal());
    return;
  }
  const began = performance.now();
  const total = { events: 0, lost: 0, doubt: 0, kept: 0, torn: 0, threads: 0, drained: 0 };
  const broken: string[] = [];
  for (let at = 0; at < Number(recordings); at++) {
    const lives: readonly Life[] | undefined = at === 0 ? undefined : FAULTY_LIVES(Number(seed) + at);
    const recording = await recordLives(Number(seed) + at, lives);
    const crashes = Math.ceil(Number(first) / Number(recordings));
    const result = await simulate(recording, { crashes, seed: Number(seed) + at, enough: 20 });
    total.events += result.events;
    for (const kind of ["lost", "doubt", "kept", "torn"] as const) total[kind] += result.crashes[kind];
    total.threads += result.threads;
    total.drained += result.drained;
    if (result.broken.length > 0) keepRecording(`broken-${seed}-${at}`, recording, `${tmpdir()}/`);
    broken.push(...result.broken.map((text) => `recording ${at}: ${text}`));
  }
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(JSON.stringify({ recordings: Number(recordings), ...total, broken, seconds }, undefined, 2));
  process.exitCode = broken.length === 0 ? 0 : 1;
}

await main(process.argv.slice(2));
