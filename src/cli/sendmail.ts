import { userInfo } from "node:os";
import { type Bytes, concat, unreachable, utf8 } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import { dropFolder, handOver, leaveInDrop, reversePathOf } from "../daemon/mod.ts";
import { formatReversePath, type Mailbox, parseMailbox, type ReversePath } from "../mail/mod.ts";
import {
  addressees,
  hasField,
  type LocalMessage,
  parseSendmailOptions,
  type SendmailOptions,
  withoutEnvelopeLine,
} from "../submission/mod.ts";
import { CommandFailure } from "./exit.ts";
import { print } from "./print.ts";
import { requireConfig } from "./settings.ts";

/**
 * `hopseal sendmail`, and the program under the names sendmail, mailq and newaliases: what other programs on a machine
 * call to send mail. `run` runs another command of ours. Ends in the codes of sysexits.
 */
export async function sendmail(
  words: readonly string[],
  run: (words: readonly string[]) => Promise<void>,
): Promise<void> {
  if (words.includes("--help")) {
    print(SENDMAIL_HELP);
    return;
  }
  const options = parseSendmailOptions(words);
  if (!options.ok) throw new CommandFailure(options.error, SYSEXIT.usage);
  const named = options.value.config === undefined ? [] : ["-c", options.value.config];
  switch (options.value.mode) {
    case "nothing":
      return;
    case "list":
      return await run(["queue", "list", ...named]);
    case "flush": {
      const { site } = options.value;
      return await run(site === undefined ? ["queue", "retry", "--all", ...named] : ["queue", "flush", site, ...named]);
    }
    case "deliver":
      return await deliver(options.value);
    default:
      return unreachable(options.value.mode);
  }
}

async function deliver(options: SendmailOptions): Promise<void> {
  const config = configOf(options.config);
  const read = withoutEnvelopeLine(await readMessage(options.dotEnds, config.message_size));
  const from = senderOf(options, config);
  const to = recipientsOf(options, read, config);
  const { fullName, notify, ret, envid } = options;
  const message: LocalMessage = {
    from,
    to,
    demand: "may",
    dsn: {
      ...(notify === undefined ? {} : { notify }),
      ...(ret === undefined ? {} : { ret }),
      ...(envid === undefined ? {} : { envid }),
    },
    content: withAuthor(read, from, fullName),
  };
  const fault = await faultOf(config, message);
  if (fault !== undefined) throw fault;
}

/** To the daemon, or into the drop folder when it is down or not ours to talk to. */
async function faultOf(config: Config, message: LocalMessage): Promise<CommandFailure | undefined> {
  const handed = await handOver(config, message);
  switch (handed.kind) {
    case "taken":
      return undefined;
    case "refused":
      return new CommandFailure(handed.text, handed.again ? SYSEXIT.tempFail : SYSEXIT.unavailable);
    case "out-of-reach": {
      const left = await leaveInDrop(dropFolder(config), message);
      return left.ok ? undefined : new CommandFailure(`${handed.text}. ${left.error}`, SYSEXIT.tempFail);
    }
    default:
      return unreachable(handed);
  }
}

function configOf(named: string | undefined): Config {
  try {
    return requireConfig(named).config;
  } catch (error) {
    if (error instanceof CommandFailure) throw new CommandFailure(error.message, SYSEXIT.config);
    throw error;
  }
}

function senderOf({ from }: SendmailOptions, config: Config): ReversePath {
  const text = from ?? userInfo().username;
  const parsed = reversePathOf(
    text === "" || text === "<>" || text.includes("@") ? text : `${text}@${config.hostname}`,
  );
  if (!parsed.ok) throw new CommandFailure(`-f: ${parsed.error}`, SYSEXIT.usage);
  return parsed.value;
}

function recipientsOf(options: SendmailOptions, content: Bytes, config: Config): readonly Mailbox[] {
  const all = options.recipients.flatMap((text) => text.split(",")).map((text) => recipientOf(text.trim(), config));
  if (options.fromHeader) {
    const { mailboxes, unreadable } = addressees(content, config.hostname);
    const [bad] = unreadable;
    if (bad !== undefined) throw new CommandFailure(`${JSON.stringify(bad)} in the header is no address`, SYSEXIT.data);
    all.push(...mailboxes);
  }
  if (all.length === 0) {
    const where = options.fromHeader ? "The header names no recipient" : "Name a recipient, or use -t";
    throw new CommandFailure(where, SYSEXIT.usage);
  }
  return all;
}

function recipientOf(text: string, config: Config): Mailbox {
  const bare = text.startsWith("<") && text.endsWith(">") ? text.slice(1, -1) : text;
  const parsed = parseMailbox(bare.includes("@") ? bare : `${bare}@${config.hostname}`, { utf8: true });
  if (!parsed.ok) throw new CommandFailure(`${JSON.stringify(text)}: ${parsed.error.detail}`, SYSEXIT.data);
  return parsed.value;
}

/** A From field with the full name, where the message has none and the sender is somebody. */
function withAuthor(content: Bytes, from: ReversePath, fullName: string | undefined): Bytes {
  if (fullName === undefined || from.kind !== "mailbox" || hasField(content, "from")) return content;
  // RFC 5322 §3.2.4; a name that is no plain text would need RFC 2047, and is left out.
  const name = PLAIN_NAME.test(fullName) ? `"${fullName.replaceAll(NEEDS_BACKSLASH, "\\$&")}" ` : "";
  return concat([utf8(`From: ${name}${formatReversePath(from)}\n`), content]);
}

/** Standard input to its end, or to a line with a single dot. */
async function readMessage(dotEnds: boolean, most: number): Promise<Bytes> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    size += (chunk as Buffer).length;
    if (size > most) throw new CommandFailure(`The message has more than ${most} octets`, SYSEXIT.data);
    chunks.push(chunk as Buffer);
  }
  const content = Buffer.concat(chunks);
  if (!dotEnds) return content;
  if (content.indexOf(".\n") === 0 || content.indexOf(".\r\n") === 0) return content.subarray(0, 0);
  const ends = ["\n.\n", "\n.\r\n"].map((mark) => content.indexOf(mark)).filter((at) => at >= 0);
  if (content.length > 1 && content.subarray(-2).equals(Buffer.from("\n."))) ends.push(content.length - 2);
  return ends.length === 0 ? content : content.subarray(0, Math.min(...ends) + 1);
}

/** Of sysexits.h, which callers of sendmail go by. */
const SYSEXIT = { usage: 64, data: 65, unavailable: 69, tempFail: 75, config: 78 } as const;
const PLAIN_NAME = /^[\x20-\x7e]+$/;
const NEEDS_BACKSLASH = /["\\]/g;

export const SENDMAIL_HELP = `Usage: hopseal sendmail [options] [recipient ...] < message

Takes a message from standard input as /usr/sbin/sendmail does. It goes to the daemon, or waits in the drop folder
while the daemon is down.

  -t             recipients from To, Cc and Bcc too
  -i, -oi        a line with a single dot does not end the message
  -f, -r ADDRESS the envelope sender; <> for none
  -F NAME        the full name, for a From field that is missing
  -N EVENTS      notices wanted: never, or success,failure,delay
  -R full|hdrs   what of the message a notice returns
  -V ID          envelope id for notices
  -bm            deliver (the default)
  -bp            list the queue (as mailq)
  -bi            nothing, for newaliases
  -q, -qRSITE    try the queue, or one site of it, now
  -C FILE        configuration file
Bcc, Return-Path and Content-Length fields are removed; Date, Message-ID and From are added where they lack.`;
