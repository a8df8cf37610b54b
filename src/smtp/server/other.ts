import { type Status, statusOf } from "../../status/mod.ts";
import { CLOSE, faultOf, leave, say, type Turn, turn } from "./_turn.ts";
import { formatStatus } from "../grammar/mod.ts";
import type { CommandState } from "./state.ts";

export function noop(state: CommandState): Turn {
  return turn(state, say(OK));
}

export function help(state: CommandState): Turn {
  return turn(state, say(HELP));
}

/** RFC 5321 §7.3: a server that does not verify says so with 252. */
export function vrfy(state: CommandState): Turn {
  return turn(state, say(CANNOT_VERIFY));
}

/** RFC 5321 §3.5.2 */
export function expn(state: CommandState): Turn {
  return turn(state, say(NO_EXPN));
}

export function quit(state: CommandState): Turn {
  return turn({ kind: "closed" }, ...leave(state), say(BYE), CLOSE);
}

/** STARTTLS with nothing behind it (RFC 3207 §4). */
export function starttls(state: CommandState): Turn {
  const { config, peer } = state.session;
  if (peer.tls !== undefined) return faultOf(state, "bad-sequence", "TLS is in use already");
  if (!config.tls.starttls) return faultOf(state, "not-implemented");
  return turn({ kind: "await-tls", session: state.session }, { kind: "start-tls", ready: READY_FOR_TLS });
}

/** No mechanism is offered on this listener (RFC 4954 §4). */
export function auth(state: CommandState): Turn {
  return faultOf(state, "not-implemented", "Authentication is not offered");
}

const OK = statusOf("ok");
const HELP: Status = { cause: "ok", code: 214, enhanced: "2.0.0", text: "See RFC 5321" };
const CANNOT_VERIFY: Status = {
  cause: "ok",
  code: 252,
  enhanced: "2.5.0",
  text: "Cannot verify, but will take mail and try to deliver",
};
const NO_EXPN = statusOf("not-implemented", "EXPN is not available");
const BYE: Status = { cause: "ok", code: 221, enhanced: "2.0.0", text: "Bye" };
const READY_FOR_TLS = formatStatus({ cause: "ok", code: 220, enhanced: "2.0.0", text: "Ready to start TLS" });
