import { Command } from "commander";
import { parseDuration } from "../config/mod.ts";
import { CommandFailure, EXIT } from "./exit.ts";
import { print, printJson } from "./print.ts";
import { requireConfig } from "./settings.ts";

interface DrainOptions {
  readonly config?: string;
  readonly timeout?: string;
  readonly json?: boolean;
}

/** `hopseal drain`: takes no more mail, delivers what is due, and ends the daemon. */
export function drainCommand(): Command {
  return new Command("drain")
    .description("Take no more mail, deliver what is due, then end the daemon; waits until that is done")
    .option("-c, --config <file>", "configuration file")
    .option("--timeout <time>", 'end it after this time whatever is due, e.g. "10 min"')
    .option("--json", "print JSON")
    .action(async (options: DrainOptions) => {
      const { config } = requireConfig(options.config);
      const timeout = options.timeout === undefined ? undefined : parseDuration(options.timeout);
      if (timeout !== undefined && !timeout.ok) throw new CommandFailure(`--timeout: ${timeout.error}`, EXIT.usage);
      const { daemonControl } = await import("../daemon/mod.ts");
      const ended = await daemonControl(config)
        .drain(timeout?.value)
        .catch((error: Error) => {
          throw new CommandFailure(error.message);
        });
      if (!ended.ok) throw new CommandFailure("The daemon is not running", EXIT.tryAgain);
      const { drained, left } = ended.value;
      if (options.json === true) printJson({ version: 1, drained, left });
      else
        print(
          `${SAYS[drained]}; the daemon ends. ${left === 0 ? "The queue is empty" : `${left} message(s) by destination wait for the next start`}`,
        );
      if (drained === "late") process.exitCode = EXIT.finding;
    });
}

const SAYS = {
  empty: "Nothing is due any more",
  late: "The time was over before everything due was delivered",
  stopped: "The daemon was stopped meanwhile",
} as const;
