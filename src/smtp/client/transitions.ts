import { unreachable, utf8 } from "../../base/mod.ts";
import type { Cause, Status } from "../../status/mod.ts";
import type { Reply } from "../grammar/mod.ts";
import { findingStatus, remoteStatus, replyText } from "./outcome.ts";
import type { ClientEffect, ClientState, SessionFacts, Settled, Step, Transaction } from "./state.ts";
import type { Stage, TransactionResult } from "./types.ts";

/** The class of a reply, by its first digit (RFC 5321 §4.2.1). */
export function classOf(reply: Reply): number {
  return Math.floor(reply.code / 100);
}

export function writeLine(line: string): ClientEffect {
  return { kind: "write", parts: [utf8(line)] };
}

/** Ends a session that never became ready, after a reply that leaves it in order: with QUIT (RFC 5321 §4.1.1.10). */
export function failSession(session: SessionFacts, stage: Stage, status: Status): Step {
  const { state, effects } = cutSession(session, stage, status);
  const parting: readonly ClientEffect[] = [writeLine("QUIT\r\n"), { kind: "close", politely: true }];
  return { state, effects: [...effects.filter((effect) => effect.kind !== "close"), ...parting] };
}

/** Ends a session that never became ready and in which nothing more can be said. */
export function cutSession(session: SessionFacts, stage: Stage, status: Status): Step {
  return {
    state: { kind: "closed", session, why: status },
    effects: [{ kind: "no-deadline" }, { kind: "failed", stage, status }, { kind: "close", politely: false }],
  };
}

/** The session can take its first transaction. */
export function becomeReady(session: SessionFacts): Step {
  return {
    state: { kind: "ready", session },
    effects: [{ kind: "no-deadline" }, { kind: "ready", extensions: session.extensions }],
  };
}

/**
 * Ends the session whatever it was doing; a transaction under way gets `status` for everybody not yet decided. `host` is
 * "ok" when the reason lies with us.
 */
export function breakOff(state: ClientState, status: Status, host: "ok" | "failed" = "failed"): Step {
  const { session } = state;
  const closed: ClientState = { kind: "closed", session, why: status };
  switch (state.kind) {
    case "await-greeting":
      return cutSession(session, "greeting", status);
    case "await-ehlo":
    case "await-helo":
      return cutSession(session, helloStage(session), status);
    case "await-starttls":
      return cutSession(session, "starttls", status);
    case "await-handshake":
      return cutSession(session, "handshake", status);
    case "await-login":
    case "await-auth":
      return cutSession(session, "auth", status);
    case "await-connection":
      return cutSession(session, "connect", status);
    case "await-envelope":
    case "await-data-content":
    case "await-bdat-content":
    case "await-end": {
      const result = resultOf(state.transaction, status, {
        reusable: false,
        host,
        ...(mayBeTaken(state, status) ? { afterDot: true } : {}),
      });
      return {
        state: closed,
        effects: [{ kind: "no-deadline" }, { kind: "done", result }, { kind: "close", politely: false }],
      };
    }
    case "ready":
    case "closed":
      return { state: closed, effects: [{ kind: "no-deadline" }, { kind: "close", politely: false }] };
    case "await-quit":
      return { state: closed, effects: [{ kind: "no-deadline" }, { kind: "close", politely: true }] };
    default:
      return unreachable(state);
  }
}

/** The server broke the protocol: nothing it says from here on means anything. */
export function protocolError(state: ClientState, text: string, reply?: Reply): Step {
  return breakOff(state, findingStatus("peer-protocol-error", text, state.session.options.peer, reply));
}

/** 421 may come at any time and ends the session (RFC 5321 §3.8). */
export function closedByPeer(state: ClientState, reply: Reply): Step {
  return breakOff(state, remoteStatus(reply, state.session.options.peer));
}

/** A reply of a class that the command cannot have. */
export function unexpected(state: ClientState, command: string, reply: Reply): Step {
  return protocolError(state, `the host answered ${command} with ${reply.code} ${replyText(reply)}`, reply);
}

/** Before TLS the first EHLO is meant, inside it the second, unless TLS was there from the start. */
export function helloStage({ options, secured }: SessionFacts): Stage {
  return wantsTls(options) && secured ? "second-hello" : "hello";
}

/** TLS is to come by STARTTLS. */
export function wantsTls({ tls }: SessionFacts["options"]): boolean {
  return tls === "starttls" || tls === "offered";
}

export function finding(session: SessionFacts, cause: Cause, text: string): Status {
  return findingStatus(cause, text, session.options.peer);
}

/** Ends a transaction after which the session goes on; `dirty` when the server may still hold part of it. */
export function finish(
  session: SessionFacts,
  transaction: Transaction,
  end: { readonly undecided: Status; readonly dirty: boolean; readonly host?: "ok" | "failed" },
): Step {
  const { mailMax = Infinity } = session.extensions.limits;
  const reusable = session.mails < mailMax && !transaction.plan.exhausted;
  const result = resultOf(transaction, end.undecided, { reusable, host: end.host ?? "ok" });
  return {
    state: { kind: "ready", session: { ...session, dirty: end.dirty } },
    effects: [{ kind: "no-deadline" }, { kind: "done", result }],
  };
}

/** A host that cannot take any mail now is left for the next one; what it refuses for good stays refused. */
export function hostAfter({ refusal, open }: Transaction): "ok" | "failed" {
  return refusal !== undefined && !open && refusal.code < 500 ? "failed" : "ok";
}

/** The content was sent whole, and no reply says what became of it (RFC 5321 §4.5.3.2.6). */
function mayBeTaken(state: ClientState, why: Status): boolean {
  return state.kind === "await-end" && state.transaction.accepted.length > 0 && why.cause !== "remote-reply";
}

/** One status per recipient: what was decided for it, or `undecided`. */
function resultOf(
  transaction: Transaction,
  undecided: Status,
  rest: Pick<TransactionResult, "reusable" | "host" | "afterDot">,
): TransactionResult {
  const recipients = Array.from({ length: transaction.plan.count }, (_, index) => {
    return transaction.plan.withheld.get(index) ?? undecided;
  });
  for (let one: Settled | undefined = transaction.settled; one !== undefined; one = one.before) {
    recipients[one.index] = one.status;
  }
  return { recipients, ...rest };
}
