import { Command } from "commander";
import { verifyQueue } from "../../daemon/mod.ts";
import type { StoreFinding } from "../../queue/store/mod.ts";
import { EXIT } from "../exit.ts";
import { print, printJson } from "../print.ts";
import { requireConfig } from "../settings.ts";
import { type CommonOptions, orFail, withCommon } from "./options.ts";
import { startProgress } from "./progress.ts";

interface VerifyOptions extends CommonOptions {
  readonly repair?: boolean;
}

/** `hopseal queue verify`: exit status 1 when anything but a left-over file was found. */
export function verifyCommand(): Command {
  const command = new Command("verify").description(
    "Read the whole stored queue while no daemon runs, and report damage",
  );
  return withCommon(command)
    .option("--repair", "put what cannot be delivered on hold, and remove files that belong to no message")
    .action(async (options: VerifyOptions) => {
      await orFail(() => run(options));
    });
}

async function run(options: VerifyOptions): Promise<void> {
  const { config } = requireConfig(options.config);
  using _progress = startProgress("verify: reading");
  const report = (await verifyQueue(config, options.repair === true)) ?? NOTHING;
  const { messages, units, octets, findings } = report;
  const damaged = findings.some(({ kind }) => kind !== "orphan");
  if (options.json === true) printJson({ version: 1, ok: !damaged, ...report });
  else {
    for (const finding of findings) print(lineOf(finding));
    const counts = `${messages} message(s), ${units} destination(s), ${octets} octets of content read`;
    print(`${counts}: ${damaged ? "damage found" : "no damage"}`);
  }
  if (damaged) process.exitCode = EXIT.finding;
}

function lineOf({ kind, name, detail, repaired }: StoreFinding): string {
  const what = name === undefined ? kind : `${kind} ${name}`;
  return `${what}: ${detail}${repaired === undefined ? "" : `; ${repaired}`}`;
}

const NOTHING = { messages: 0, units: 0, octets: 0, findings: [] as readonly StoreFinding[] };
