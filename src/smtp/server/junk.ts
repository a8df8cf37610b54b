import type { Verb } from "../grammar/mod.ts";
import type { CommandState } from "./state.ts";

/**
 * Counts a command that brings no message forward; undefined when there were too many since the last one. A client that
 * only says such commands would stay for ever.
 */
export function countJunk(state: CommandState, verb: Verb | undefined): CommandState | undefined {
  if (verb === undefined || !JUNK.has(verb)) return state;
  // One that ends a transaction is counted with it.
  if (verb === "RSET" && state.kind === "in-transaction") return state;
  const junk = state.session.junk + 1;
  if (junk > state.session.config.limits.junkCommands) return undefined;
  return { ...state, session: { ...state.session, junk } };
}

const JUNK: ReadonlySet<Verb> = new Set<Verb>(["EHLO", "HELO", "RSET", "NOOP", "HELP", "VRFY", "EXPN"]);
