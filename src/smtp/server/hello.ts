import type { Command } from "../grammar/mod.ts";
import { formatLimits } from "../grammar/mod.ts";
import { idle, leave, sayPlain, type Turn, turn } from "./_turn.ts";
import type { CommandState, Session } from "./state.ts";

type Hello = Extract<Command, { readonly verb: "EHLO" | "HELO" }>;

/** EHLO and HELO start afresh, like RSET (RFC 5321 §4.1.4). */
export function hello(state: CommandState, command: Hello): Turn {
  const { verb, name } = command;
  const session: Session = {
    ...state.session,
    peer: { ...state.session.peer, hello: { verb, text: name } },
    pipelining: verb === "EHLO",
  };
  const hostname = session.config.hostname;
  const lines = verb === "EHLO" ? [hostname, ...extensionsOf(session)] : [hostname];
  return turn(idle(session), ...leave(state), sayPlain(250, ...lines));
}

/** The keywords to offer now: only what works (RFC 5321 §4.1.1.1). */
export function extensionsOf(session: Session): readonly string[] {
  const { limits, tls } = session.config;
  const offered = [
    "PIPELINING",
    `SIZE ${limits.messageSize}`,
    "8BITMIME",
    "SMTPUTF8",
    "ENHANCEDSTATUSCODES",
    "DSN",
    "CHUNKING",
    "BINARYMIME",
    `LIMITS ${formatLimits({ mailMax: limits.transactions, rcptMax: limits.recipients })}`,
  ];
  // RFC 3207 §4.2: not again inside TLS.
  if (tls.starttls && session.peer.tls === undefined) offered.push("STARTTLS");
  if (keepsRequireTls(session)) offered.push("REQUIRETLS");
  return offered;
}

/** Whether REQUIRETLS can be given here: it needs TLS below it (RFC 8689 §2), and one who offers it. */
export function keepsRequireTls({ config, peer }: Session): boolean {
  return config.tls.requireTls === true && peer.tls !== undefined;
}
