import { type Status, statusOf } from "../../status/mod.ts";
import { type CommandFault, type LineFault, parseCommand, type Verb } from "../grammar/mod.ts";
import { CUT, endFor, fault, hangUp, leave, sayBare, type Turn, turn } from "./_turn.ts";
import { countJunk } from "./junk.ts";
import { talksAhead, violation } from "./pipelining.ts";
import type { CommandState } from "./state.ts";
import { carryOut, objectionTo } from "./verbs.ts";

/** A command line. */
export function line(state: CommandState, text: string, behind: boolean): Turn {
  const parsed = parseCommand(text, { utf8: state.kind === "in-transaction" && state.transaction.request.smtpUtf8 });
  const verb = parsed.ok ? parsed.value.verb : parsed.error.verb;
  // Octets in plaintext behind STARTTLS are an attack on what comes after it (RFC 3207 §4.2): not a word more.
  if (behind && verb === "STARTTLS") return turn({ kind: "closed" }, ...leave(state), CUT);
  if (behind && talksAhead(state, verb)) return violation(state);
  // A browser may have been made to speak to us, with a part of its request from elsewhere.
  if (verb === undefined && FOREIGN.test(text)) return endFor("mistakes", state, NO_SMTP);
  const counted = countJunk(state, verb);
  if (counted === undefined) return endFor("mistakes", state, TOO_MUCH_JUNK);
  const objection = verb === undefined ? undefined : objectionTo(counted, verb);
  if (!parsed.ok) return faulty(counted, parsed.error, objection);
  if (objection !== undefined && verb !== "BDAT") return refuse(counted, verb, objection);
  return carryOut(counted, parsed.value, objection);
}

/** Octets that are no command line. */
export function lineFault(state: CommandState, kind: LineFault, behind: boolean): Turn {
  if (kind === "tls") return endFor("mistakes", state, NO_SMTP);
  const status = lineStatus(kind);
  // Who mixes line ends and pipelines may be relaying somebody else's commands.
  if (behind && (kind === "bare-cr-lf" || !state.session.pipelining)) return hangUp(state, status);
  return fault(state, status);
}

function lineStatus(kind: Exclude<LineFault, "tls">): Status {
  switch (kind) {
    case "too-long":
      return statusOf("line-too-long");
    case "bare-cr-lf":
      return { ...statusOf("bare-cr-lf"), code: 500, text: "A command line ends in CRLF, and holds no other CR or LF" };
    case "not-utf8":
      return { ...statusOf("syntax"), code: 500, text: "The command line is not UTF-8" };
    default:
      return kind;
  }
}

function faulty(state: CommandState, error: CommandFault, objection: Status | undefined): Turn {
  const status = objection ?? statusOf(error.cause, error.detail);
  // Without its size the octets behind this BDAT would be read as commands.
  return error.verb === "BDAT" ? hangUp(state, status) : refuse(state, error.verb, status);
}

function refuse(state: CommandState, verb: Verb | undefined, status: Status): Turn {
  const refused = fault(state, status);
  if ((verb !== "EHLO" && verb !== "HELO") || refused.state.kind === "closed") return refused;
  // RFC 2034 §4: no enhanced code in the answer to EHLO and HELO.
  return turn(refused.state, sayBare(status));
}

/** A request line of HTTP. */
const FOREIGN = /^(?:GET|POST|PUT|HEAD|DELETE|OPTIONS|CONNECT|TRACE|PATCH|PRI) /i;
const NO_SMTP = statusOf("too-many-errors", "This port speaks SMTP alone");
const TOO_MUCH_JUNK = statusOf("too-many-errors", "Too many commands without a message");
