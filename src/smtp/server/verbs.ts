import { unreachable } from "../../base/mod.ts";
import { type Status, statusOf } from "../../status/mod.ts";
import type { Command, Verb } from "../grammar/mod.ts";
import type { Turn } from "./_turn.ts";
import { bdat, data } from "./content.ts";
import { mail, rcpt, rset } from "./envelope.ts";
import { hello } from "./hello.ts";
import { auth, expn, help, noop, quit, starttls, vrfy } from "./other.ts";
import type { CommandState } from "./state.ts";

/** What speaks against this verb here, before its arguments are looked at. */
export function objectionTo(state: CommandState, verb: Verb): Status | undefined {
  const rule: Rule = RULES[verb];
  const { config, peer } = state.session;
  if (config.tls.required && peer.tls === undefined && !rule.beforeTls) return TLS_REQUIRED;
  // RFC 5321 §4.1.4
  return rule.states.has(state.kind) ? undefined : OUT_OF_ORDER;
}

/** Carries out a command; `objection` stands only for BDAT, which must be read all the same. */
export function carryOut(state: CommandState, command: Command, objection?: Status): Turn {
  switch (command.verb) {
    case "EHLO":
    case "HELO":
      return hello(state, command);
    case "MAIL":
      return mail(state, command);
    case "RCPT":
      return state.kind === "in-transaction" ? rcpt(state, command) : misplaced(state, command);
    case "DATA":
      return state.kind === "in-transaction" ? data(state) : misplaced(state, command);
    case "BDAT":
      return bdat(state, command, objection);
    case "RSET":
      return rset(state);
    case "NOOP":
      return noop(state);
    case "HELP":
      return help(state);
    case "VRFY":
      return vrfy(state);
    case "EXPN":
      return expn(state);
    case "QUIT":
      return quit(state);
    case "STARTTLS":
      return starttls(state);
    case "AUTH":
      return auth(state);
    default:
      return unreachable(command);
  }
}

function misplaced(state: CommandState, command: Command): never {
  throw new Error(`The table let ${command.verb} pass in ${state.kind}`);
}

interface Rule {
  readonly states: ReadonlySet<CommandState["kind"]>;
  /** Served where TLS is required and not there yet (RFC 3207 §4). */
  readonly beforeTls: boolean;
}

const SERVED = new Set(["hello-expected", "ready", "in-transaction", "chunk-expected"] as const);
const IDLE = new Set(["ready"] as const);
const IN_TRANSACTION = new Set(["in-transaction"] as const);
const RULES: { readonly [verb in Verb]: Rule } = {
  EHLO: { states: SERVED, beforeTls: true },
  HELO: { states: SERVED, beforeTls: true },
  MAIL: { states: IDLE, beforeTls: false },
  RCPT: { states: IN_TRANSACTION, beforeTls: false },
  DATA: { states: IN_TRANSACTION, beforeTls: false },
  BDAT: { states: new Set(["in-transaction", "chunk-expected"]), beforeTls: false },
  RSET: { states: SERVED, beforeTls: false },
  NOOP: { states: SERVED, beforeTls: true },
  HELP: { states: SERVED, beforeTls: false },
  VRFY: { states: SERVED, beforeTls: false },
  EXPN: { states: SERVED, beforeTls: false },
  QUIT: { states: new Set(["turned-away", ...SERVED]), beforeTls: true },
  STARTTLS: { states: IDLE, beforeTls: true },
  AUTH: { states: IDLE, beforeTls: false },
};
const OUT_OF_ORDER = statusOf("bad-sequence");
const TLS_REQUIRED = statusOf("tls-required");
