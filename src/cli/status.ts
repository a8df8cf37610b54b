import { Command } from "commander";
import { CommandFailure, EXIT } from "./exit.ts";
import { print, printJson } from "./print.ts";
import { requireConfig } from "./settings.ts";
import { statusLines } from "./status_text.ts";

/** `hopseal status`: what the running daemon says of itself. */
export function statusCommand(): Command {
  return new Command("status")
    .description("Show what the daemon does: its state, what is paused, the queue, bounds met and the last faults")
    .option("-c, --config <file>", "configuration file")
    .option("--json", "print JSON")
    .action(async (options: { readonly config?: string; readonly json?: boolean }) => {
      const { config } = requireConfig(options.config);
      const { daemonControl } = await import("../daemon/mod.ts");
      const status = await daemonControl(config)
        .status()
        .catch((error: Error) => {
          throw new CommandFailure(error.message);
        });
      if (!status.ok) throw new CommandFailure("The daemon is not running", EXIT.tryAgain);
      if (options.json === true) printJson(status.value);
      else for (const line of statusLines(status.value, Date.now())) print(line);
    });
}
