import { err, ok, type Result } from "../../base/mod.ts";
import type { Command, CommandFault, Verb } from "./command.ts";
import { parseMailArguments, parseRcptArguments } from "./parse_envelope.ts";

export interface CommandOptions {
  /** The transaction uses SMTPUTF8, so that RCPT may hold UTF-8 (RFC 6531 §3.4). */
  readonly utf8?: boolean;
}

/** Parses a command line without its CRLF (RFC 5321 §4.1.1). White space at the end is let pass. */
export function parseCommand(line: string, options: CommandOptions = {}): Result<Command, CommandFault> {
  if (CONTROLS.test(line)) return err({ cause: "syntax", detail: "The command line holds a control character" });
  const text = line.trimEnd();
  const space = text.indexOf(" ");
  const word = (space < 0 ? text : text.slice(0, space)).toUpperCase();
  const parse = PARSERS.get(word);
  if (parse === undefined) return err({ cause: "unknown-command", detail: "Command not recognised" });
  return parse(space < 0 ? "" : text.slice(space + 1).trimStart(), options);
}

type Parser = (argument: string, options: CommandOptions) => Result<Command, CommandFault>;

function bare(verb: "DATA" | "RSET" | "QUIT" | "STARTTLS"): Parser {
  // RFC 5321 §4.1.1.4 and its like: an argument where none is allowed gets 501.
  return (argument) => (argument === "" ? ok({ verb }) : bad(verb, `${verb} takes no argument`));
}

function hello(verb: "EHLO" | "HELO"): Parser {
  return (name) => {
    if (name === "") return bad(verb, `${verb} needs the name of the client`);
    // RFC 6531 §3.7.1: a non-ASCII name comes as A-labels.
    if (!HELLO_NAME.test(name)) return bad(verb, `The argument of ${verb} is no domain name or address literal`);
    return ok({ verb, name });
  };
}

function text(verb: "VRFY" | "EXPN" | "NOOP" | "HELP", required: boolean): Parser {
  return (argument) => (required && argument === "" ? bad(verb, `${verb} needs an argument`) : ok({ verb, argument }));
}

function parseBdat(argument: string): Result<Command, CommandFault> {
  const match = BDAT.exec(argument);
  if (match === null) return bad("BDAT", "BDAT needs a size in octets, and LAST or nothing behind it");
  return ok({ verb: "BDAT", size: Number(match[1]), last: match[2] !== undefined });
}

function parseAuth(argument: string): Result<Command, CommandFault> {
  const match = AUTH.exec(argument);
  const mechanism = match?.[1];
  if (mechanism === undefined) return bad("AUTH", "AUTH needs the name of a mechanism");
  const initial = match?.[2];
  return ok({ verb: "AUTH", mechanism: mechanism.toUpperCase(), ...(initial === undefined ? {} : { initial }) });
}

function bad(verb: Verb, detail: string): Result<never, CommandFault> {
  return err({ verb, cause: "bad-argument", detail });
}

const PARSERS: ReadonlyMap<string, Parser> = new Map<string, Parser>([
  ["EHLO", hello("EHLO")],
  ["HELO", hello("HELO")],
  ["MAIL", parseMailArguments],
  ["RCPT", parseRcptArguments],
  ["DATA", bare("DATA")],
  ["BDAT", parseBdat],
  ["RSET", bare("RSET")],
  ["NOOP", text("NOOP", false)],
  ["QUIT", bare("QUIT")],
  ["VRFY", text("VRFY", true)],
  ["EXPN", text("EXPN", true)],
  ["HELP", text("HELP", false)],
  ["STARTTLS", bare("STARTTLS")],
  ["AUTH", parseAuth],
]);
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f]/;
/** Wider than RFC 5321 §4.1.2, as real clients send underscores and bare addresses; never a space or a bracket of another kind. */
const HELLO_NAME = /^[\x21-\x7e]{1,255}$/;
/** Sizes beyond 2^53 could not be counted. */
const BDAT = /^(\d{1,15})(?: +(LAST))?$/i;
const AUTH = /^([A-Za-z0-9_-]{1,20})(?: +([A-Za-z0-9+/]+=*|=))?$/;
