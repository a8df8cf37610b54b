import { Command } from "commander";
import type { PauseChange } from "../daemon/mod.ts";
import { parseMailHost } from "../mail/mod.ts";
import { CommandFailure, EXIT } from "./exit.ts";
import { print, printJson } from "./print.ts";
import { requireConfig } from "./settings.ts";
import { pauseLines } from "./status_text.ts";

interface PauseOptions {
  readonly config?: string;
  readonly receiving?: boolean;
  readonly sending?: boolean;
  readonly destination?: readonly string[];
  readonly json?: boolean;
}

/** `hopseal pause`: stops taking mail, sending it, or sending it to some domains, until `resume`. */
export function pauseCommand(): Command {
  return command("pause", "Stop taking mail, sending it, or both, until `resume`; a restart does not end it");
}

/** `hopseal resume`: ends pauses, all of them unless some are named. */
export function resumeCommand(): Command {
  return command("resume", "End what `pause` began; all of it unless something is named");
}

function command(word: "pause" | "resume", about: string): Command {
  return new Command(word)
    .description(about)
    .option("-c, --config <file>", "configuration file")
    .option("--receiving", "mail by SMTP: clients get 421 4.3.2 and come again")
    .option("--sending", "attempts to deliver; those under way go on")
    .option("--destination <domain...>", "attempts to deliver to these recipient domains")
    .option("--json", "print JSON")
    .action(async (options: PauseOptions) => {
      const { config } = requireConfig(options.config);
      const { daemonControl } = await import("../daemon/mod.ts");
      const { paused, running } = await daemonControl(config)
        .change(word, changeOf(options))
        .catch((error: Error) => {
          throw new CommandFailure(error.message);
        });
      if (options.json === true) {
        printJson({ version: 1, paused, running });
        return;
      }
      if (!running) print("The daemon is not running; this counts from its next start on");
      for (const line of pauseLines(paused)) print(line);
    });
}

function changeOf(options: PauseOptions): PauseChange {
  const destinations = (options.destination ?? []).map((text) => {
    const host = parseMailHost(text);
    if (!host.ok) throw new CommandFailure(`${JSON.stringify(text)} is no domain`, EXIT.usage);
    return host.value;
  });
  return {
    ...(options.receiving === true ? { receiving: true } : {}),
    ...(options.sending === true ? { sending: true } : {}),
    ...(destinations.length === 0 ? {} : { destinations }),
  };
}
