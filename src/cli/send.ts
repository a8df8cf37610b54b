import { readFile } from "node:fs/promises";
import { Command, Option } from "commander";
import { type Bytes, utf8 } from "../base/mod.ts";
import { daemonQueue, mechanismsOf, reversePathOf } from "../daemon/mod.ts";
import { formatMailbox, type Mailbox, parseMailbox } from "../mail/mod.ts";
import { demandFault, type LocalMessage } from "../submission/mod.ts";
import { CommandFailure, EXIT } from "./exit.ts";
import { print, printJson } from "./print.ts";
import { requireConfig } from "./settings.ts";

interface SendOptions {
  readonly config?: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly tls?: "may" | "encrypt" | "secure";
  readonly by?: string;
  readonly mx?: "dnssec" | "dnssec-or-sts";
  readonly requiretls?: boolean;
  readonly subject?: string;
  readonly text?: string;
  readonly json?: boolean;
}

/** `hopseal send`: hands a message to the queue of this machine. */
export function sendCommand(): Command {
  return new Command("send")
    .description("Queue a message; when the daemon does not run, it leaves at its next start")
    .argument("[file]", "message in RFC 5322 form; - or nothing reads standard input, unless --text is given")
    .requiredOption("--from <address>", "envelope sender; <> for none")
    .requiredOption("--to <address>", "recipient; repeat it for more", collect)
    .option("--subject <text>", "subject of a message made with --text")
    .option("--text <text>", "make a message with this text")
    .addOption(
      new Option(
        "--tls <level>",
        "the least protection on the way; may prefers delivery, and says so in the header",
      ).choices(["may", "encrypt", "secure"]),
    )
    .option("--by <mechanisms>", "with --tls secure: dane, webpki or both with a comma; either will do")
    .addOption(
      new Option("--mx <proof>", "with --tls secure: how the names of mail hosts must be proved").choices([
        "dnssec",
        "dnssec-or-sts",
      ]),
    )
    .option("--requiretls", "secure, and every further hop must promise the same (RFC 8689)")
    .option("-c, --config <file>", "configuration file")
    .option("--json", "print JSON")
    .action(send);
}

function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

async function send(file: string | undefined, options: SendOptions): Promise<void> {
  const { config } = requireConfig(options.config);
  const from = reversePathOf(options.from);
  if (!from.ok) throw new CommandFailure(`--from: ${from.error}`, EXIT.usage);
  const to = options.to.map(recipient);
  const content = options.text === undefined ? await readMessage(file) : compose(options, to, options.text);
  const taken = await daemonQueue(config).submit({ from: from.value, to, ...demandOf(options), content });
  if (!taken.ok) throw new CommandFailure(taken.error.text, taken.error.again ? EXIT.tryAgain : EXIT.finding);
  const { id, running } = taken.value;
  if (options.json === true) printJson({ version: 1, id, running });
  else print(`Queued as ${id}${running ? "" : "; the daemon does not run, so it leaves when hopseal run starts"}`);
}

function demandOf(options: SendOptions): Pick<LocalMessage, "demand" | "tls"> {
  const by = mechanismsOf(options.by ?? null);
  if (!by.ok) throw new CommandFailure(`--by: ${by.error}`, EXIT.usage);
  const demand = options.tls ?? (options.requiretls === true ? "secure" : "may");
  const tls = {
    ...(by.value === undefined ? {} : { by: by.value }),
    ...(options.mx === undefined ? {} : { mxAuthentic: options.mx }),
    ...(options.requiretls === true ? { requireTls: true as const } : {}),
    ...(options.tls === "may" ? { optional: true as const } : {}),
  };
  const fault = demandFault({ demand, tls });
  if (fault !== undefined) throw new CommandFailure(fault, EXIT.usage);
  return { demand, tls };
}

function recipient(text: string): Mailbox {
  const parsed = parseMailbox(text, { utf8: true });
  if (!parsed.ok) throw new CommandFailure(`--to: ${parsed.error.detail}`, EXIT.usage);
  return parsed.value;
}

async function readMessage(file: string | undefined): Promise<Bytes> {
  try {
    if (file !== undefined && file !== "-") return await readFile(file);
  } catch (error) {
    throw new CommandFailure(`Cannot read ${file}: ${(error as Error).message}`, EXIT.usage);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const content = Buffer.concat(chunks);
  if (content.length === 0) throw new CommandFailure("There is no message on standard input", EXIT.usage);
  return content;
}

function compose(options: SendOptions, to: readonly Mailbox[], text: string): Bytes {
  const subject = (options.subject ?? "").replaceAll(LINE_ENDS, " ");
  const head = [`To: ${to.map(formatMailbox).join(", ")}`, `Subject: ${encodeSubject(subject)}`, "MIME-Version: 1.0"];
  head.push("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit");
  return utf8(`${head.join("\n")}\n\n${text}\n`);
}

/** RFC 2047 §2: encoded words of at most 75 characters, only where needed. */
function encodeSubject(text: string): string {
  if (PRINTABLE.test(text)) return text;
  const words: string[] = [];
  const characters = Array.from(text);
  for (let at = 0; at < characters.length; at += CHARACTERS_A_WORD) {
    const part = characters.slice(at, at + CHARACTERS_A_WORD).join("");
    words.push(`=?utf-8?B?${Buffer.from(part, "utf8").toString("base64")}?=`);
  }
  return words.join("\n ");
}

/** Four octets of UTF-8 each become at most 60 of base64 with these. */
const CHARACTERS_A_WORD = 11;
const LINE_ENDS = /[\r\n]+/g;
const PRINTABLE = /^[\x20-\x7e]*$/;
