import { Command, InvalidArgumentError } from "commander";
import { CommandFailure, EXIT } from "./exit.ts";
import { packageVersion } from "./version.ts";

/** `hopseal lab`: every attack of the threat catalogue against every policy, on loopback. */
export function labCommand(): Command {
  return new Command("lab")
    .description(
      "Play every attack of the threat catalogue against every policy, with real servers on loopback, and show what came of each message",
    )
    .option("--row <rows...>", "only these rows: A04, or a whole group: A")
    .option("--policy <policies...>", "only these columns: P0 to P9")
    .option(
      "--sender <program>",
      "who sends: hopseal, postfix or exim; the last two need root and are installed apart",
      "hopseal",
    )
    .option("--seed <number>", "the same seed gives the same result", seedOf, 1)
    .option("--json <file>", "write the result as JSON")
    .option("--html <file>", "write the result as one HTML page")
    .option("--list", "show the rows, and play none")
    .action(async (options: Flags) => {
      const { lab } = await import("../../lab/front/mod.ts");
      const { row = [], policy = [], ...rest } = options;
      const end = await lab(
        { ...rest, rows: row, policies: policy, version: packageVersion() },
        { out: process.stdout, side: process.stderr, colour: process.stdout.isTTY && process.stdout.hasColors() },
      );
      if (end.kind === "unfit") throw new CommandFailure(end.words, EXIT.usage);
      process.exitCode = end.asExpected ? EXIT.ok : EXIT.finding;
    });
}

interface Flags {
  readonly row?: string[];
  readonly policy?: string[];
  readonly sender: string;
  readonly seed: number;
  readonly json?: string;
  readonly html?: string;
  readonly list?: boolean;
}

function seedOf(text: string): number {
  if (!SEED.test(text)) throw new InvalidArgumentError("It is a number of at most nine digits.");
  return Number(text);
}

const SEED = /^[0-9]{1,9}$/;
