import "./coverage.ts";
import { examine, lineOf } from "./run.ts";
import { TARGETS } from "./targets.ts";

/**
 * `npm run fuzz -- [RUNS [SEED [MOST [SLACK [NAME…]]]]]`: fuzzes every decoder, or those whose names hold a NAME; 20,000 runs and
 * the 30 newest inputs blown up unless told. A line for each, and its faults. With a SLACK above 1, times may be so many times longer.
 */
async function main([
  runs = "20000",
  seed = String(Date.now() % 1e6),
  most = "30",
  slack = "1",
  ...names
]: readonly string[]): Promise<void> {
  console.log(`seed ${seed}`);
  const chosen = TARGETS.filter(({ name }) => names.length === 0 || names.some((part) => name.includes(part)));
  let faults = 0;
  for (const target of chosen) {
    const report = await examine(target, {
      runs: Number(runs),
      seed: Number(seed),
      most: Number(most),
      slack: Number(slack),
    });
    console.log(lineOf(report));
    for (const fault of report.faults.slice(0, 10)) console.log(`  ${fault}`);
    faults += report.faults.length;
  }
  process.exitCode = faults === 0 ? 0 : 1;
}

await main(process.argv.slice(2));
