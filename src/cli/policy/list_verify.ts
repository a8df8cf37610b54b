import { Command } from "commander";
import { parseFingerprint } from "../../config/mod.ts";
import { judgeList, type ListKey } from "../../policy/io/mod.ts";
import { CommandFailure, EXIT } from "../exit.ts";
import { print, printJson } from "../print.ts";
import { requireConfig } from "../settings.ts";
import { chooseList, readList } from "./list_choose.ts";
import { heldJson, heldText } from "./list_text.ts";

interface VerifyFlags {
  readonly config?: string;
  readonly list?: string;
  readonly signature?: string;
  readonly key?: string;
  readonly fingerprint?: string;
  readonly unsigned?: boolean;
  readonly json?: boolean;
}

/** `hopseal policy list verify FILE`. */
export function listVerifyCommand(): Command {
  return new Command("verify")
    .description("Verify and read a list without putting it into force; one that has ended is a finding")
    .argument("<file>", "the list, JSON")
    .option("--signature <file>", "its detached OpenPGP signature; default: the name of the list and .asc")
    .option("--list <name>", "verify it as this [[policy_list]]; default: the only one")
    .option("--key <file>", "verify it by this public key, without a configuration")
    .option("--fingerprint <hex>", "with --key: the fingerprint of the primary key that is believed")
    .option("--unsigned", "read it only; it needs no signature and no configuration")
    .option("-c, --config <file>", "configuration file")
    .option("--json", "print JSON")
    .action(async (file: string, _flags: VerifyFlags, itself: Command) => {
      process.exitCode = await verify(file, itself.optsWithGlobals());
    });
}

async function verify(file: string, flags: VerifyFlags): Promise<number> {
  const { signature } = flags;
  const key = keyOf(flags);
  const offered = await readList(file, {
    signed: key !== undefined,
    ...(signature === undefined ? {} : { signature }),
  });
  const now = Date.now();
  const judged = await judgeList(offered, key, { takenAt: now, now });
  if (!judged.ok) throw new CommandFailure(`${file} is refused: ${judged.error}`);
  if (flags.json === true) printJson({ version: 1, held: heldJson(judged.value, now) });
  else for (const line of heldText(judged.value, now)) print(line);
  return judged.value.list.expires <= now ? EXIT.finding : EXIT.ok;
}

function keyOf({ unsigned, key, fingerprint, config, list }: VerifyFlags): ListKey | undefined {
  if (unsigned === true) return undefined;
  if (key !== undefined || fingerprint !== undefined) {
    if (key === undefined || fingerprint === undefined) {
      throw new CommandFailure("--key and --fingerprint belong together", EXIT.usage);
    }
    const parsed = parseFingerprint(fingerprint);
    if (!parsed.ok) throw new CommandFailure(`--fingerprint: ${parsed.error}`, EXIT.usage);
    return { file: key, fingerprint: parsed.value };
  }
  const entry = chooseList(requireConfig(config).config, list);
  if (entry.key === undefined || entry.fingerprint === undefined) return undefined;
  return { file: entry.key, fingerprint: entry.fingerprint };
}
