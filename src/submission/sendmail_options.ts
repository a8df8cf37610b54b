import { err, ok, type Result } from "../base/mod.ts";
import type { Notify } from "../mail/mod.ts";

/** What a command line of /usr/sbin/sendmail asks for. */
export interface SendmailOptions {
  /** `deliver` a message from standard input, `list` the queue, `flush` it, or do `nothing` (`newaliases`). */
  readonly mode: "deliver" | "list" | "flush" | "nothing";
  /** The only site to flush. */
  readonly site?: string;
  /** Takes recipients from To, Cc and Bcc too. */
  readonly fromHeader: boolean;
  /** A line with a single dot ends the message. */
  readonly dotEnds: boolean;
  readonly from?: string;
  readonly fullName?: string;
  readonly notify?: Notify;
  readonly ret?: "full" | "hdrs";
  readonly envid?: string;
  readonly config?: string;
  readonly recipients: readonly string[];
}

/** Reads the options as sendmail does: single letters, bundled or not, values attached or not; what has no meaning here is taken. */
export function parseSendmailOptions(words: readonly string[]): Result<SendmailOptions, string> {
  const found: Found = { recipients: [], fromHeader: false, dotEnds: true, mode: "deliver" };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (word === "--") {
      found.recipients.push(...words.slice(at + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      found.recipients.push(word);
      continue;
    }
    for (let letter = 1; letter < word.length; letter++) {
      const name = word[letter] as string;
      const rest = word.slice(letter + 1);
      if (!VALUED.has(name)) {
        const fault = takeFlag(found, name, rest);
        if (fault !== undefined) return err(fault);
        if (name === "q") break;
        continue;
      }
      const value = rest === "" ? words[++at] : rest;
      if (value === undefined) return err(`-${name} needs a value`);
      const fault = takeValue(found, name, value);
      if (fault !== undefined) return err(fault);
      break;
    }
  }
  return ok(found);
}

type Found = { -readonly [key in keyof SendmailOptions]: SendmailOptions[key] } & { recipients: string[] };

function takeFlag(found: Found, name: string, rest: string): string | undefined {
  switch (name) {
    case "t":
      found.fromHeader = true;
      return undefined;
    case "i":
      found.dotEnds = false;
      return undefined;
    case "I":
      found.mode = "nothing";
      return undefined;
    case "q":
      return takeFlush(found, rest);
    default:
      return WITHOUT_MEANING.has(name) ? undefined : `-${name} is no option of sendmail that is known here`;
  }
}

/** `-q` flushes; `-qRsite` one site. A time makes a daemon of sendmail, which `hopseal run` is. */
function takeFlush(found: Found, rest: string): string | undefined {
  if (rest === "") found.mode = "flush";
  else if (rest.startsWith("R") && rest.length > 1) {
    found.mode = "flush";
    found.site = rest.slice(1);
  } else if (/^\d+[smhdw]?/.test(rest)) return "-q with a time starts a daemon; use hopseal run";
  else return `-q${rest} is not known here; use hopseal queue`;
  return undefined;
}

function takeValue(found: Found, name: string, value: string): string | undefined {
  switch (name) {
    case "b":
      return takeMode(found, value);
    case "f":
    case "r":
      found.from = value;
      return undefined;
    case "F":
      found.fullName = value;
      return undefined;
    case "C":
      found.config = value;
      return undefined;
    case "N":
      return takeNotify(found, value);
    case "R":
      return takeReturn(found, value);
    case "V":
      found.envid = value;
      return undefined;
    case "o":
      if (value === "i") found.dotEnds = false;
      return undefined;
    default:
      return undefined;
  }
}

function takeMode(found: Found, value: string): string | undefined {
  const mode = MODES.get(value);
  if (mode === undefined) return `-b${value} is not known here; hopseal run is the daemon`;
  found.mode = mode;
  return undefined;
}

// RFC 3461 §4.1
function takeNotify(found: Found, value: string): string | undefined {
  const words = value.toLowerCase().split(",");
  if (words.length === 1 && words[0] === "never") {
    found.notify = "never";
    return undefined;
  }
  const events: Exclude<Notify, "never">[number][] = [];
  for (const word of words) {
    if (word !== "success" && word !== "failure" && word !== "delay") {
      return "-N takes never, or some of success, failure, delay with commas between";
    }
    events.push(word);
  }
  found.notify = events;
  return undefined;
}

// RFC 3461 §4.3
function takeReturn(found: Found, value: string): string | undefined {
  const word = value.toLowerCase();
  if (word !== "full" && word !== "hdrs") return "-R takes full or hdrs";
  found.ret = word;
  return undefined;
}

/** Letters that take a value, ours and those that are only passed over. */
const VALUED: ReadonlySet<string> = new Set("ABCFLNORVXbefhopr");
const WITHOUT_MEANING: ReadonlySet<string> = new Set("GUcmnsvx");
const MODES: ReadonlyMap<string, SendmailOptions["mode"]> = new Map([
  ["m", "deliver"],
  ["p", "list"],
  ["i", "nothing"],
]);
