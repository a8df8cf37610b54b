import { mkdirSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import { COMMAND_NAMES, commandsFor } from "../../src/cli/commands.ts";
import { SENDMAIL_HELP } from "../../src/cli/sendmail.ts";
import { packageVersion } from "../../src/cli/version.ts";
import { root } from "../tree.ts";
import { manualPage } from "./page.ts";

/** The manual pages by file name, made from the commands as the command line has them. */
export async function manualPages(): Promise<ReadonlyMap<string, string>> {
  const program = new Command("hopseal").description(
    "Moves each message under the strongest transport protection that anybody with a say in it asked for",
  );
  const version = packageVersion();
  const pages = new Map<string, string>();
  for (const name of COMMAND_NAMES) {
    const command = (await commandsFor([name])).find((one) => one.name() === name);
    if (command !== undefined) program.addCommand(command);
  }
  const all = program.commands.map((command) => `hopseal-${command.name()}`);
  for (const command of program.commands) {
    const title = `hopseal-${command.name()}`;
    const seeAlso = ["hopseal", ...all.filter((page) => page !== title)];
    const usage = command.name() === "sendmail" ? { usage: SENDMAIL_HELP } : {};
    pages.set(`${title}.1`, manualPage(command, { version, seeAlso, ...usage }));
  }
  const list = program.commands.map((command) => `hopseal ${command.name().padEnd(10)} ${command.description()}`);
  pages.set("hopseal.1", manualPage(bare(program), { version, seeAlso: all, usage: list.join("\n") }));
  return pages;
}

/** Writes them below dist/, from where the package installs them. */
export async function writeManualPages(): Promise<void> {
  mkdirSync(`${root}dist/man`, { recursive: true });
  for (const [name, text] of await manualPages()) writeFileSync(`${root}dist/man/${name}`, text);
}

/** The program without its commands, which have pages of their own. */
function bare(program: Command): Command {
  return new Command(program.name()).description(program.description()).usage("COMMAND [options]");
}
