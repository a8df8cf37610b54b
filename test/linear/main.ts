import { TARGETS } from "../fuzz/targets.ts";
import { judge } from "./judge.ts";

/**
 * `node test/linear/main.ts [SEEDS [DOUBLED [SLACK [NAME…]]]]`: holds every decoder that others can reach to linear time and
 * to 10 ms for 64 KiB over worst inputs of every kind. A line for each, and its faults; exit 1 where there are any.
 */
async function main([seeds = "6", doubled = "12", slack = "1", ...names]: readonly string[]): Promise<void> {
  const chosen = TARGETS.filter(({ name }) => names.length === 0 || names.some((part) => name.includes(part)));
  for (const target of chosen.filter(({ grows = true }) => grows)) {
    const began = performance.now();
    const options = { seeds: Number(seeds), doubled: Number(doubled), slack: Number(slack) };
    const { kinds, worst, growth, faults } = await judge(target, options);
    const columns = [
      target.name.padEnd(34),
      `${kinds} kinds`.padStart(10),
      `${worst.cost.toFixed(1)} ms/64K`.padStart(12),
      growth === 0 ? "   -" : `×${growth.toFixed(1)}`,
      `${((performance.now() - began) / 1000).toFixed(1)} s`.padStart(7),
      worst.name,
    ];
    console.log(columns.join("  "));
    for (const fault of faults) console.log(`  FAULT ${fault}`);
    if (faults.length > 0) process.exitCode = 1;
  }
}

await main(process.argv.slice(2));
