import { Command, CommanderError } from "commander";
import { commandsFor } from "./commands.ts";
import { CommandFailure, EXIT } from "./exit.ts";
import { packageVersion } from "./version.ts";

/** Reads the command line and runs the command; sets the exit status. */
async function main(argv: readonly string[]): Promise<void> {
  try {
    // Its options are those of sendmail, which no ordinary command line has.
    if (argv[0] === "sendmail") await (await import("./sendmail.ts")).sendmail(argv.slice(1), run);
    else await run(argv);
  } catch (error) {
    process.exitCode = report(error);
  }
}

async function run(argv: readonly string[]): Promise<void> {
  const program = new Command("hopseal")
    .description("Moves each message under the strongest transport protection that anybody with a say in it asked for")
    .version(packageVersion())
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .showHelpAfterError("(--help shows what is possible)");
  for (const command of await commandsFor(argv)) program.addCommand(command);
  throwInsteadOfExit(program);
  await program.parseAsync([...argv], { from: "user" });
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) throwInsteadOfExit(child);
}

function report(error: unknown): number {
  // commander has printed its own message already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CommandFailure) {
    process.stderr.write(`hopseal: ${error.message}\n`);
    return error.status;
  }
  process.stderr.write(`hopseal: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.finding;
}

// A reader that stops early (`| head`) is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.ok);
  throw error;
});

await main(process.argv.slice(2));
