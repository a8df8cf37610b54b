import { Command, InvalidArgumentError } from "commander";
import { type RunOptions, runTrace } from "./trace/run.ts";

/** `hopseal trace [FILE|-|DIR|MBOX]`: shows the way of messages by their Received fields. */
export function traceCommand(): Command {
  return new Command("trace")
    .description("Show the way a message took, how each hop was protected, and what of it can be believed")
    .argument("[source]", "a message, an mbox file, a Maildir or a folder of .eml files; - for standard input", "-")
    .option("--ours <host...>", "our hosts: names, .domain, addresses or networks; what they wrote is fact")
    .option("--json", "print JSON (docs/received.md)")
    .option("--html <file>", "write a self-contained page")
    .option("--show-users", "print the names of authenticated users")
    .option("--now <date>", "judge dates in the future against this moment", instant)
    .addHelpText("after", EXIT_HELP)
    .action(async (source: string, options: RunOptions) => {
      process.exitCode = await runTrace(source, options);
    });
}

function instant(text: string): number {
  const value = Date.parse(text);
  if (Number.isNaN(value)) throw new InvalidArgumentError("It is no date such as 2026-03-03T09:14:07Z");
  return value;
}

const EXIT_HELP = `
Exit status: 0 nothing to look at; 1 a warning (a weak cipher, a forged name, a loop, time running backwards, …) or
cleartext among the hops our hosts wrote; 2 wrong usage, or a source that cannot be read.`;
