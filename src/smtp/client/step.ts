import { unreachable } from "../../base/mod.ts";
import type { Status } from "../../status/mod.ts";
import type { Reply } from "../grammar/mod.ts";
import { onAuthReply, onLogin, onLoginFailed, withoutSecrets } from "./auth.ts";
import { onBdatContent, onBdatReply, onDataContent, onEarlyReply, onEndReply } from "./content.ts";
import { onEnvelopeReply, refuseAll, transact } from "./envelope.ts";
import { NO_EXTENSIONS } from "./extensions.ts";
import { onEhlo, onGreeting, onHelo, onSecured, onStartTls } from "./hello.ts";
import { replyText } from "./outcome.ts";
import type { ClientInput, ClientOptions, ClientState, Step } from "./state.ts";
import { breakOff, closedByPeer, finding, protocolError, writeLine } from "./transitions.ts";

/**
 * The client's side of an SMTP or LMTP session: greeting, EHLO (or HELO, or LHLO), STARTTLS and the second EHLO, AUTH where a
 * login is wanted, then any number of mail transactions, then QUIT. Replies come in order and one at a time; whatever comes unasked ends the session.
 */
export function firstState(options: ClientOptions): ClientState {
  const secured = options.tls === "established";
  const session = {
    options,
    secured,
    extensions: NO_EXTENSIONS,
    mails: 0,
    domains: new Set<string>(),
    dirty: false,
  };
  return { kind: "await-connection", session };
}

/** The next state, and what the shell has to do for it, in order. */
export function step(state: ClientState, input: ClientInput): Step {
  switch (input.kind) {
    case "connected":
      return onConnected(state);
    case "reply":
      return onReply(state, input);
    case "reply-fault":
      // What a host says in the login may hold what it was sent.
      return protocolError(state, state.kind === "await-auth" ? "the answer to AUTH is no reply" : input.detail);
    case "secured":
      return state.kind === "await-handshake" ? onSecured(state) : stay(state);
    case "login":
      return state.kind === "await-login" ? onLogin(state, input.login) : stay(state);
    case "login-failed":
      return state.kind === "await-login" ? onLoginFailed(state, input.detail) : stay(state);
    case "transact":
      if (state.kind === "ready") return transact(state.session, input.request);
      return refuseAll(state, input.request);
    case "content":
      if (state.kind === "await-data-content") return onDataContent(state, input.octets, input.last);
      if (state.kind === "await-bdat-content") return onBdatContent(state, input.octets, input.last);
      return stay(state);
    case "content-failed":
      return onContentFailed(state, input.detail);
    case "expired":
      return breakOff(state, finding(state.session, "timeout", input.detail));
    case "lost":
      return breakOff(state, finding(state.session, "connection-lost", input.detail));
    case "abort":
      return breakOff(state, input.status, "ok");
    case "quit":
      return onQuit(state);
    default:
      return unreachable(input);
  }
}

function onConnected(state: ClientState): Step {
  if (state.kind !== "await-connection") return stay(state);
  const { greeting } = state.session.options.timeouts;
  return {
    state: { kind: "await-greeting", session: state.session },
    effects: [{ kind: "deadline", after: greeting, what: "the greeting" }],
  };
}

function onReply(state: ClientState, input: Extract<ClientInput, { readonly kind: "reply" }>): Step {
  const { reply } = input;
  if (state.kind === "closed") return stay(state);
  // RFC 5321 §3.8
  if (reply.code === 421) return closedByPeer(state, keepable(state, reply));
  if (input.early && !awaitsOlder(state)) return unasked(state, keepable(state, reply));
  switch (state.kind) {
    case "await-greeting":
      return onGreeting(state, reply);
    case "await-ehlo":
      return onEhlo(state, reply);
    case "await-helo":
      return onHelo(state, reply);
    case "await-starttls":
      return onStartTls(state, reply, input.more);
    case "await-auth":
      return onAuthReply(state, reply);
    case "await-envelope":
      return onEnvelopeReply(state, reply);
    case "await-data-content":
      return onEarlyReply(state, reply);
    case "await-bdat-content":
      return onBdatReply(state, reply);
    case "await-end":
      return onEndReply(state, reply);
    case "await-quit":
      return breakOff(state, endedByUs(state));
    case "await-connection":
    case "await-handshake":
    case "await-login":
    case "ready":
      return unasked(state, reply);
    default:
      return unreachable(state);
  }
}

function keepable(state: ClientState, reply: Reply): Reply {
  return state.kind === "await-auth" ? withoutSecrets(state, reply) : reply;
}

/** An older command than the newest is outstanding too, so that the reply answers that one. */
function awaitsOlder(state: ClientState): boolean {
  return state.kind === "await-bdat-content" && state.chunks.outstanding > 1;
}

function unasked(state: ClientState, reply: Reply): Step {
  return protocolError(state, `the host said ${reply.code} ${replyText(reply)} without being asked`, reply);
}

function onContentFailed(state: ClientState, detail: string): Step {
  if (state.kind !== "await-data-content" && state.kind !== "await-bdat-content") return stay(state);
  // The message must not end here as if it were whole, so the connection goes.
  return breakOff(state, finding(state.session, "local-error", detail), "ok");
}

function onQuit(state: ClientState): Step {
  const { session } = state;
  if (state.kind !== "ready") return breakOff(state, endedByUs(state));
  return {
    state: { kind: "await-quit", session },
    effects: [writeLine("QUIT\r\n"), { kind: "deadline", after: session.options.timeouts.quit, what: "QUIT" }],
  };
}

function endedByUs({ session }: ClientState): Status {
  return finding(session, "connection-lost", "the session was ended");
}

function stay(state: ClientState): Step {
  return { state, effects: [] };
}
