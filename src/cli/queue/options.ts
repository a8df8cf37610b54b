import type { Command } from "commander";
import { daemonQueue, filterOf, type FilterWords, type OperatorQueue } from "../../daemon/mod.ts";
import type { UnitFilter } from "../../queue/mod.ts";
import { CommandFailure, EXIT } from "../exit.ts";
import { requireConfig } from "../settings.ts";

/** What every command of `hopseal queue` takes. */
export interface CommonOptions {
  readonly config?: string;
  readonly json?: boolean;
}

export function withCommon(command: Command): Command {
  return command.option("-c, --config <file>", "configuration file").option("--json", "print JSON");
}

/** The options that pick messages. */
export function withFilter(command: Command): Command {
  return command
    .option("--to <domain>", "to this recipient domain")
    .option("--from <address>", "from this envelope sender; <> is the null one")
    .option("--state <state>", "due, waiting, leased (under way) or held")
    .option("--id <id>", "this message");
}

export function requireFilter(words: FilterWords): UnitFilter {
  const filter = filterOf(words);
  if (!filter.ok) throw new CommandFailure(filter.error, EXIT.usage);
  return filter.value;
}

export function queueOf(options: CommonOptions): OperatorQueue {
  return daemonQueue(requireConfig(options.config).config);
}

/** Turns what the queue throws for people into the end of the command. */
export async function orFail<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CommandFailure || !(error instanceof Error)) throw error;
    throw new CommandFailure(error.message);
  }
}

export function noSuchMessage(id: string): CommandFailure {
  return new CommandFailure(`There is no message ${id} in the queue`);
}
