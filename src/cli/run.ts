import { Command } from "commander";
import { formatIssue } from "../config/mod.ts";
import { CommandFailure, EXIT } from "./exit.ts";
import { requireConfig } from "./settings.ts";

/** `hopseal run`: the daemon, in the foreground, until SIGTERM or SIGINT. */
export function runCommand(): Command {
  return new Command("run")
    .description(
      "Run the mail transfer agent in the foreground; SIGTERM drains and stops it, SIGHUP reloads certificates and recipients",
    )
    .option("-c, --config <file>", "configuration file")
    .action(async (options: { config?: string }) => {
      const loaded = requireConfig(options.config);
      for (const issue of loaded.warnings) process.stderr.write(`${formatIssue(loaded.file, issue)}\n`);
      if (process.getuid?.() === 0 && loaded.config.user === undefined) {
        process.stderr.write(
          `${loaded.file}: warning: user: Running as root; name a user to become once the ports are bound\n`,
        );
      }
      const { runDaemon } = await import("../daemon/mod.ts");
      const ended = await runDaemon(loaded.config);
      if (!ended.ok) throw new CommandFailure(ended.error, EXIT.finding);
    });
}
