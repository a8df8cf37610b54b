import { Command } from "commander";
import { EXIT } from "./exit.ts";

/** `hopseal demo`: the program at work on loopback, for somebody who sees it for the first time. */
export function demoCommand(): Command {
  return new Command("demo")
    .description(
      "Start Hopseal and some recipients on loopback, send real messages through, and show what happened to each",
    )
    .option("--keep", "stay up afterwards and say how to send to it")
    .option("--json", "print the results as JSON")
    .action(async (options: { keep?: boolean; json?: boolean }) => {
      const { runDemo } = await import("../../lab/demo/mod.ts");
      const good = await runDemo({ keep: options.keep === true, json: options.json === true });
      process.exitCode = good ? EXIT.ok : EXIT.finding;
    });
}
