import { finality, type Status, statusOf } from "../../status/mod.ts";
import type { Command } from "../grammar/mod.ts";
import { endFor, faultOf, idle, leave, say, sayAndGoOn, type Turn, turn } from "./_turn.ts";
import { keepsRequireTls } from "./hello.ts";
import type { MailRequest } from "./reception.ts";
import type { CommandState, ServerState } from "./state.ts";

type Mail = Extract<Command, { readonly verb: "MAIL" }>;
type Rcpt = Extract<Command, { readonly verb: "RCPT" }>;
type InTransaction = Extract<ServerState, { readonly kind: "in-transaction" }>;

/** MAIL: asks the house about the sender (RFC 5321 §4.1.1.2). */
export function mail(state: CommandState, command: Mail): Turn {
  const { limits } = state.session.config;
  // RFC 9422 §4.1: refused MAIL commands count too.
  if (state.session.transactions >= limits.transactions) {
    return endFor("connection-time", state, statusOf("too-many-transactions"));
  }
  // A parameter of what is not offered is unknown (RFC 5321 §4.1.1.11).
  if (command.auth !== undefined) return faultOf(state, "unknown-parameter", "AUTH is not offered");
  // RFC 8689 §2: only to a server that advertised it, which HELO does not ask.
  if (command.requireTls && !(keepsRequireTls(state.session) && state.session.peer.hello?.verb === "EHLO"))
    return faultOf(state, "unknown-parameter", "REQUIRETLS is not offered");
  const session = { ...state.session, transactions: state.session.transactions + 1 };
  // RFC 1870 §6.1
  if (command.size !== undefined && command.size > limits.messageSize) {
    return turn(idle(session), say(statusOf("message-too-big")));
  }
  const request = requestOf(command);
  return turn({ kind: "await-sender", session, request }, { kind: "ask-sender", peer: session.peer, request });
}

/** The house's answer to MAIL. */
export function senderAnswered(
  state: Extract<ServerState, { readonly kind: "await-sender" }>,
  refusal: Status | undefined,
): Turn {
  const { session, request } = state;
  if (refusal !== undefined) return sayAndGoOn(idle(session), refusal);
  const transaction = { request, accepted: 0, tried: false };
  return turn({ kind: "in-transaction", session, transaction }, say(SENDER_OK));
}

/** RCPT: asks the house about the recipient (RFC 5321 §4.1.1.3). */
export function rcpt(state: InTransaction, command: Rcpt): Turn {
  const { session, transaction } = state;
  // RFC 5321 §4.5.3.1.10
  if (transaction.accepted >= session.config.limits.recipients) return turn(state, say(TOO_MANY_RECIPIENTS));
  const { path, notify, original } = command;
  const request = {
    path,
    ...(notify === undefined ? {} : { notify }),
    ...(original === undefined ? {} : { original }),
  };
  return turn({ kind: "await-recipient", session, transaction }, { kind: "ask-recipient", request });
}

/** The house's answer to RCPT. */
export function recipientAnswered(
  state: Extract<ServerState, { readonly kind: "await-recipient" }>,
  status: Status,
): Turn {
  const accepted = finality(status) === "success";
  const transaction = {
    ...state.transaction,
    accepted: state.transaction.accepted + (accepted ? 1 : 0),
    tried: true,
  };
  const refusedRecipients = state.session.refusedRecipients + (accepted ? 0 : 1);
  const session = accepted ? state.session : { ...state.session, refusedRecipients };
  if (refusedRecipients > session.config.limits.refusedRecipients) {
    return endFor("mistakes", state, statusOf("too-many-errors", "Too many recipients refused"));
  }
  return sayAndGoOn({ kind: "in-transaction", session, transaction }, status);
}

/** RSET (RFC 5321 §4.1.1.5). */
export function rset(state: CommandState): Turn {
  return turn(idle(state.session), ...leave(state), say(statusOf("ok")));
}

function requestOf(command: Mail): MailRequest {
  const { reversePath, body, smtpUtf8, size, ret, envid, requireTls } = command;
  return {
    reversePath,
    body,
    smtpUtf8,
    requireTls,
    dsn: { ...(ret === undefined ? {} : { ret }), ...(envid === undefined ? {} : { envid }) },
    ...(size === undefined ? {} : { declaredSize: size }),
  };
}

const SENDER_OK = statusOf("ok-sender");
const TOO_MANY_RECIPIENTS = statusOf("too-many-recipients");
