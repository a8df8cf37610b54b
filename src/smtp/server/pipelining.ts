import { statusOf } from "../../status/mod.ts";
import type { Verb } from "../grammar/mod.ts";
import { hangUp, type Turn } from "./_turn.ts";
import type { CommandState, ServerState } from "./state.ts";

/**
 * Whether a client that sent more behind this command talks ahead of a reply that it must await (RFC 2920 §3.1).
 * `verb` is undefined for a line that is no command.
 */
export function talksAhead(state: CommandState, verb: Verb | undefined): boolean {
  // RFC 3030 §2: a BDAT has its octets behind it.
  if (verb === "BDAT") return false;
  if (!state.session.pipelining) return true;
  return verb !== undefined && LAST_IN_GROUP.has(verb);
}

/** Ends the session with someone who talks ahead of a reply: no legal client does. */
export function violation(state: ServerState): Turn {
  return hangUp(state, statusOf("pipelining-violation"));
}

/** RFC 2920 §3.1 and, for the last two, RFC 3207 §4 and RFC 4954 §4. */
const LAST_IN_GROUP: ReadonlySet<Verb> = new Set<Verb>([
  "EHLO",
  "HELO",
  "DATA",
  "VRFY",
  "EXPN",
  "NOOP",
  "QUIT",
  "STARTTLS",
  "AUTH",
]);
