import { Command } from "commander";
import { formatIssue, loadConfig } from "../config/mod.ts";
import { CommandFailure, EXIT } from "./exit.ts";
import { requireConfig } from "./settings.ts";

/** `hopseal run`: the daemon, in the foreground, until SIGTERM or SIGINT. */
export function runCommand(): Command {
  return new Command("run")
    .description(
      "Run the mail transfer agent in the foreground; SIGTERM drains and stops it, SIGHUP reads the configuration, certificates and recipients again",
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
      const { bindAdmin } = await import("../admin/mod.ts");
      const admin = await bindAdmin(loaded.config);
      if (!admin.ok) throw new CommandFailure(admin.error, EXIT.finding);
      await using beside = admin.value;
      const { runDaemon } = await import("../daemon/mod.ts");
      const ended = await runDaemon(
        loaded.config,
        () => {
          const again = loadConfig(loaded.file);
          return again.ok
            ? { ok: true, value: again.value.config }
            : { ok: false, error: again.error.issues.map((issue) => formatIssue(again.error.file, issue)) };
        },
        beside,
      );
      if (!ended.ok) throw new CommandFailure(ended.error, EXIT.finding);
    });
}
