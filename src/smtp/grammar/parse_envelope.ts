import { err, ok, type Result } from "../../base/mod.ts";
import type { AddressFault, BodyType, Notify } from "../../mail/mod.ts";
import type { Command, CommandFault, MailArguments, RcptArguments } from "./command.ts";
import { type OriginalRecipient, parseOrcpt } from "./orcpt.ts";
import { type Parameters, parseParameters } from "./parameters.ts";
import { cutPath, parseForwardPath, parseReversePath } from "./path.ts";
import { decodeXtext } from "./xtext.ts";

/** Parses what follows MAIL (RFC 5321 §4.1.1.2). */
export function parseMailArguments(argument: string): Result<Command, CommandFault> {
  const cut = FROM.test(argument) ? cutPath(argument.slice("FROM:".length).trimStart()) : undefined;
  if (cut === undefined || !spaced(cut.rest)) return mailFault("bad-sender-syntax", "MAIL needs FROM:<address>");
  const parameters = parseParameters(cut.rest);
  if (!parameters.ok) return mailFault("bad-argument", parameters.error);
  const read = readAll(parameters.value, MAIL_PARAMETERS);
  if (!read.ok) return mailFault(read.error.cause, read.error.detail);
  const { smtpUtf8 = false } = read.value;
  const path = parseReversePath(cut.inner, { utf8: smtpUtf8 });
  if (!path.ok) return mailFault(addressCause(path.error, "sender"), sentence(path.error));
  return ok({ verb: "MAIL", body: "7bit", requireTls: false, ...read.value, reversePath: path.value, smtpUtf8 });
}

/** Parses what follows RCPT (RFC 5321 §4.1.1.3). */
export function parseRcptArguments(
  argument: string,
  options: { readonly utf8?: boolean },
): Result<Command, CommandFault> {
  const cut = TO.test(argument) ? cutPath(argument.slice("TO:".length).trimStart()) : undefined;
  if (cut === undefined || !spaced(cut.rest)) return rcptFault("bad-recipient-syntax", "RCPT needs TO:<address>");
  const path = parseForwardPath(cut.inner, options);
  if (!path.ok) return rcptFault(addressCause(path.error, "recipient"), sentence(path.error));
  const parameters = parseParameters(cut.rest);
  if (!parameters.ok) return rcptFault("bad-argument", parameters.error);
  const read = readAll(parameters.value, RCPT_PARAMETERS);
  if (!read.ok) return rcptFault(read.error.cause, read.error.detail);
  return ok({ verb: "RCPT", ...read.value, path: path.value });
}

type Reader<T> = (value: string | undefined) => Result<Partial<T>, string>;

/** Reads every parameter by its reader; one without a reader is not recognised. */
function readAll<T>(
  parameters: Parameters,
  readers: ReadonlyMap<string, Reader<T>>,
): Result<Partial<T>, Pick<CommandFault, "cause" | "detail">> {
  let all: Partial<T> = {};
  for (const [keyword, value] of parameters) {
    const reader = readers.get(keyword);
    // RFC 5321 §4.1.1.11
    if (reader === undefined) {
      return err({ cause: "unknown-parameter", detail: `The parameter ${keyword.slice(0, 40)} is not recognised` });
    }
    const read = reader(value);
    if (!read.ok) return err({ cause: "bad-parameter-value", detail: read.error });
    all = { ...all, ...read.value };
  }
  return ok(all);
}

function readSize(value = ""): Result<Partial<MailArguments>, string> {
  return DIGITS.test(value) ? ok({ size: Number(value) }) : err("SIZE needs a number of octets");
}

function readBody(value = ""): Result<Partial<MailArguments>, string> {
  const body = BODIES.get(value.toUpperCase());
  return body === undefined ? err("BODY is 7BIT, 8BITMIME or BINARYMIME") : ok({ body });
}

/** RFC 6531 §3.4: without a value. */
function readFlag(flag: "smtpUtf8" | "requireTls", name: string): Reader<MailArguments> {
  return (value) => (value === undefined ? ok({ [flag]: true }) : err(`${name} takes no value`));
}

function readRet(value = ""): Result<Partial<MailArguments>, string> {
  const ret = value.toLowerCase();
  return ret === "full" || ret === "hdrs" ? ok({ ret }) : err("RET is FULL or HDRS");
}

function readEnvid(value = ""): Result<Partial<MailArguments>, string> {
  // RFC 3461 §4.4: at most 100 characters.
  const envid = value.length <= LONGEST_ENVID ? decodeXtext(value) : undefined;
  if (envid === undefined || !PRINTABLE.test(envid)) return err("ENVID needs at most 100 characters of xtext");
  return ok({ envid });
}

function readAuth(value = ""): Result<Partial<MailArguments>, string> {
  const auth = value === "" ? undefined : decodeXtext(value);
  return auth === undefined ? err("AUTH needs xtext") : ok({ auth });
}

function readNotify(value = ""): Result<Partial<RcptArguments>, string> {
  const words = value.toLowerCase().split(",");
  if (words.length === 1 && words[0] === "never") return ok({ notify: "never" });
  const events = EVENTS.filter((event) => words.includes(event));
  // RFC 3461 §4.1: NEVER stands alone.
  return words.every((word) => events.some((event) => event === word))
    ? ok({ notify: events satisfies Notify })
    : err("NOTIFY is NEVER, or a list of SUCCESS, FAILURE and DELAY");
}

function readOrcpt(value = ""): Result<{ original: OriginalRecipient }, string> {
  const original = parseOrcpt(value);
  return original.ok ? ok({ original: original.value }) : original;
}

function addressCause(fault: AddressFault, which: "sender" | "recipient"): CommandFault["cause"] {
  return fault.kind === "not-ascii" ? `utf8-${which}-refused` : `bad-${which}-syntax`;
}

function sentence(fault: AddressFault): string {
  // RFC 5321 §4.2: the text of a reply is ASCII, for a client that did not ask for SMTPUTF8.
  if (fault.kind === "not-ascii") return "The address needs SMTPUTF8";
  return fault.detail.charAt(0).toUpperCase() + fault.detail.slice(1);
}

function spaced(rest: string): boolean {
  return rest === "" || rest.startsWith(" ");
}

function mailFault(cause: CommandFault["cause"], detail: string): Result<never, CommandFault> {
  return err({ verb: "MAIL", cause, detail });
}

function rcptFault(cause: CommandFault["cause"], detail: string): Result<never, CommandFault> {
  return err({ verb: "RCPT", cause, detail });
}

const MAIL_PARAMETERS: ReadonlyMap<string, Reader<MailArguments>> = new Map<string, Reader<MailArguments>>([
  ["SIZE", readSize],
  ["BODY", readBody],
  ["SMTPUTF8", readFlag("smtpUtf8", "SMTPUTF8")],
  ["RET", readRet],
  ["ENVID", readEnvid],
  ["AUTH", readAuth],
  ["REQUIRETLS", readFlag("requireTls", "REQUIRETLS")],
]);
const RCPT_PARAMETERS: ReadonlyMap<string, Reader<RcptArguments>> = new Map<string, Reader<RcptArguments>>([
  ["NOTIFY", readNotify],
  ["ORCPT", readOrcpt],
]);
const BODIES: ReadonlyMap<string, BodyType> = new Map([
  ["7BIT", "7bit"],
  ["8BITMIME", "8bitmime"],
  ["BINARYMIME", "binarymime"],
]);
const EVENTS = ["success", "failure", "delay"] as const;
const LONGEST_ENVID = 100;
const FROM = /^FROM:/i;
const TO = /^TO:/i;
const DIGITS = /^\d{1,20}$/;
const PRINTABLE = /^[\x20-\x7e]*$/;
