import { Command } from "commander";
import { CommandFailure, EXIT } from "../exit.ts";
import { printJson } from "../print.ts";
import { newFiles } from "./new_files.ts";
import { type CommonOptions, noSuchMessage, orFail, queueOf, withCommon } from "./options.ts";
import { startProgress } from "./progress.ts";
import { write } from "./write.ts";

interface ExportOptions extends CommonOptions {
  readonly toFile?: string;
  readonly envelope?: string;
}

/** `hopseal queue export ID`. */
export function exportCommand(): Command {
  const command = new Command("export").argument("<id>").description("Write a message as it is queued (.eml)");
  return withCommon(command)
    .option("--to-file <file>", "write it to this new file instead of standard output")
    .option("--envelope <file>", "write the envelope as JSON to this new file; - is standard output")
    .action(async (id: string, options: ExportOptions) => {
      const { toFile, envelope } = options;
      if (toFile === undefined && (envelope === "-" || options.json === true))
        throw new CommandFailure("Standard output carries the message: name a file for it with --to-file", EXIT.usage);
      if (envelope === "-" && options.json === true)
        throw new CommandFailure("--json and --envelope - both want standard output", EXIT.usage);
      await orFail(() => run(id, options));
    });
}

async function run(id: string, options: ExportOptions): Promise<void> {
  const { toFile, envelope: envelopeFile } = options;
  const queue = queueOf(options);
  // Files are made first: whoever looks into the queue's own files gives up root for that.
  await using made = newFiles();
  const target = toFile === undefined ? undefined : await made.open(toFile);
  const side = envelopeFile === undefined || envelopeFile === "-" ? undefined : await made.open(envelopeFile);
  const envelope = envelopeFile === undefined ? undefined : await queue.envelope(id);
  const content = await queue.content(id);
  if (content === undefined || (envelopeFile !== undefined && envelope === undefined)) throw noSuchMessage(id);
  using progress = startProgress("exporting");
  let size = 0;
  for await (const chunk of content) {
    size += chunk.length;
    progress.note(`${size} octets written`);
    if (target === undefined) await write(chunk);
    else await target.writeFile(chunk);
  }
  await side?.writeFile(`${JSON.stringify(envelope, undefined, 2)}\n`);
  made.keep();
  if (envelopeFile === "-") printJson(envelope);
  if (options.json === true) printJson({ version: 1, id, octets: size, file: toFile });
}
