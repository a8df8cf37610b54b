import { Command } from "commander";
import { importPolicyList, type ImportedPolicyList } from "../../daemon/mod.ts";
import { CommandFailure } from "../exit.ts";
import { print, printJson } from "../print.ts";
import { requireConfig } from "../settings.ts";
import { chooseList, readList } from "./list_choose.ts";
import { heldJson, heldText } from "./list_text.ts";

interface ImportFlags {
  readonly config?: string;
  readonly list?: string;
  readonly signature?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `hopseal policy list import FILE`. */
export function listImportCommand(): Command {
  return new Command("import")
    .description("Put a list into force; a running daemon takes it within half a minute, or at once on SIGHUP")
    .argument("<file>", "the list, JSON")
    .option("--signature <file>", "its detached OpenPGP signature; default: the name of the list and .asc")
    .option("--list <name>", "which [[policy_list]] it is; default: the only one")
    .option("--force", "take it even when it is older than the list in force")
    .option("-c, --config <file>", "configuration file")
    .option("--json", "print JSON")
    .action(async (file: string, _flags: ImportFlags, itself: Command) => {
      await take(file, itself.optsWithGlobals());
    });
}

async function take(file: string, flags: ImportFlags): Promise<void> {
  const { config } = requireConfig(flags.config);
  const { name, key } = chooseList(config, flags.list);
  const { signature } = flags;
  const offered = await readList(file, {
    signed: key !== undefined,
    ...(signature === undefined ? {} : { signature }),
  });
  const { held, before } = await importIt(config, name, { ...offered, force: flags.force === true }, file);
  const now = Date.now();
  if (flags.json === true)
    return printJson({ version: 1, list: name, new: held !== before, held: heldJson(held, now) });
  print(held === before ? `${name} has this list already` : `${name} has a new list`);
  for (const line of heldText(held, now)) print(`  ${line}`);
}

async function importIt(
  config: Parameters<typeof importPolicyList>[0],
  name: string,
  offered: Parameters<typeof importPolicyList>[2],
  file: string,
): Promise<ImportedPolicyList> {
  try {
    return await importPolicyList(config, name, offered);
  } catch (error) {
    throw new CommandFailure(`${file} is refused: ${error instanceof Error ? error.message : String(error)}`);
  }
}
