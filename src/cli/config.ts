import { Command } from "commander";
import { type ConfigIssue, explainConfig, formatIssue, loadConfig } from "../config/mod.ts";
import { EXIT } from "./exit.ts";
import { print, printJson, requireConfig } from "./options.ts";

/** `hopseal config check | explain`. */
export function configCommand(): Command {
  const command = new Command("config").description("Check the configuration, or show what it means");
  command
    .command("check [file]")
    .description("Name every mistake with file, line and key; exit 1 when there is one")
    .option("-c, --config <file>", "configuration file")
    .option("--json", "print the findings as JSON")
    .action((file: string | undefined, options: { config?: string; json?: boolean }) => {
      process.exitCode = check(file ?? options.config ?? "hopseal.toml", options.json === true);
    });
  command
    .command("explain")
    .description("Show every setting in force, the default ones too, and what follows from it")
    .option("-c, --config <file>", "configuration file")
    .option("--json", "print the settings as JSON")
    .action((options: { config?: string; json?: boolean }) => {
      const { config, file } = requireConfig(options.config);
      if (options.json === true) printJson({ version: 1, file, settings: explainConfig(config) });
      else for (const { key, value, means } of explainConfig(config)) print(`${key} = ${value}\n    ${means}`);
    });
  return command;
}

function check(file: string, json: boolean): number {
  const loaded = loadConfig(file);
  const issues: readonly ConfigIssue[] = loaded.ok ? loaded.value.warnings : loaded.error.issues;
  if (json) printJson({ version: 1, file, ok: loaded.ok, issues });
  else {
    for (const issue of issues) print(formatIssue(file, issue));
    print(
      loaded.ok ? `${file}: good${issues.length === 0 ? "" : `, ${issues.length} warning(s)`}` : `${file}: not usable`,
    );
  }
  return loaded.ok ? EXIT.ok : EXIT.finding;
}
