import { Command } from "commander";
import { systemClock, systemRandom } from "../base/mod.ts";
import { type Config, type ConfigIssue, explainConfig, formatIssue, loadConfig } from "../config/mod.ts";
import { testNames } from "../daemon/mod.ts";
import { configDnsCommand } from "./config_dns.ts";
import { CommandFailure, EXIT } from "./exit.ts";
import { print, printJson } from "./print.ts";
import { requireConfig } from "./settings.ts";

/** `hopseal config check | explain | dns`. */
export function configCommand(): Command {
  const command = new Command("config").description("Check the configuration, or show what it means");
  command
    .command("check [file]")
    .description("Name every mistake with file, line and key; exit 1 when there is one")
    .option("-c, --config <file>", "configuration file")
    .option("--online", "ask the DNS servers too, whether they pass DNSSEC on")
    .option("--json", "print the findings as JSON")
    .action(async (file: string | undefined, options: CheckOptions) => {
      process.exitCode = await check(file ?? options.config ?? "hopseal.toml", options);
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
  command.addCommand(configDnsCommand());
  return command;
}

interface CheckOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly online?: boolean;
}

async function check(file: string, options: CheckOptions): Promise<number> {
  const loaded = loadConfig(file);
  const issues: readonly ConfigIssue[] = loaded.ok ? loaded.value.warnings : loaded.error.issues;
  const dns = loaded.ok && options.online === true ? await testDns(loaded.value.config) : undefined;
  const good = loaded.ok && dns?.sound !== false;
  if (options.json === true) printJson({ version: 1, file, ok: good, issues, ...(dns === undefined ? {} : { dns }) });
  else {
    for (const issue of issues) print(formatIssue(file, issue));
    if (dns !== undefined) print(`${file}: ${dns.sound ? "dns" : "error: dns"}: ${dns.summary}`);
    print(good ? `${file}: good${issues.length === 0 ? "" : `, ${issues.length} warning(s)`}` : `${file}: not usable`);
  }
  return good ? EXIT.ok : EXIT.finding;
}

async function testDns(config: Config): Promise<Awaited<ReturnType<typeof testNames>>> {
  try {
    return await testNames(config, { clock: systemClock, random: systemRandom });
  } catch (error) {
    throw new CommandFailure(error instanceof Error ? error.message : String(error));
  }
}
