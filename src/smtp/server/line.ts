import { type Status, statusOf } from "../../status/mod.ts";
import { type CommandFault, type LineFault, parseCommand, type Verb } from "../grammar/mod.ts";
import { CUT, fault, hangUp, leave, sayBare, type Turn, turn } from "./_turn.ts";
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
  const objection = verb === undefined ? undefined : objectionTo(state, verb);
  if (!parsed.ok) return faulty(state, parsed.error, objection);
  if (objection !== undefined && verb !== "BDAT") return refuse(state, verb, objection);
  return carryOut(state, parsed.value, objection);
}

/** Octets that are no command line. */
export function lineFault(state: CommandState, kind: LineFault, behind: boolean): Turn {
  const status = lineStatus(kind);
  // Who mixes line ends and pipelines may be relaying somebody else's commands.
  if (behind && (kind === "bare-cr-lf" || !state.session.pipelining)) return hangUp(state, status);
  return fault(state, status);
}

function lineStatus(kind: LineFault): Status {
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
