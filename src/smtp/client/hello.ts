import type { Reply } from "../grammar/mod.ts";
import { beginLogin } from "./auth.ts";
import { extensionsOf, NO_EXTENSIONS } from "./extensions.ts";
import { findingStatus, remoteStatus, replyText } from "./outcome.ts";
import type { ClientState, SessionFacts, Step } from "./state.ts";
import {
  becomeReady,
  classOf,
  cutSession,
  failSession,
  finding,
  helloStage,
  unexpected,
  wantsTls,
  writeLine,
} from "./transitions.ts";

type Waiting<K extends ClientState["kind"]> = Extract<ClientState, { readonly kind: K }>;

export function sayEhlo(session: SessionFacts): Step {
  return {
    state: { kind: "await-ehlo", session },
    effects: [
      writeLine(`${verbOf(session)} ${session.options.hostname}\r\n`),
      { kind: "deadline", after: session.options.timeouts.hello, what: `the reply to ${verbOf(session)}` },
    ],
  };
}

export function onGreeting(state: Waiting<"await-greeting">, reply: Reply): Step {
  if (classOf(reply) === 2) return sayEhlo(state.session);
  if (classOf(reply) === 3) return unexpected(state, "the connection", reply);
  return failSession(state.session, "greeting", remoteStatus(reply, state.session.options.peer));
}

export function onEhlo(state: Waiting<"await-ehlo">, reply: Reply): Step {
  const { session } = state;
  const { options } = session;
  if (classOf(reply) === 3) return unexpected(state, verbOf(session), reply);
  if (classOf(reply) === 2) {
    const known = { ...session, extensions: extensionsOf(reply) };
    return wantsTls(options) && !session.secured ? askForTls(known, reply) : onLastHello(known);
  }
  if (classOf(reply) === 4 || session.secured) {
    return failSession(session, helloStage(session), remoteStatus(reply, options.peer));
  }
  // RFC 2033 §4.1: LMTP has LHLO alone.
  if (options.tls === "none" && options.protocol === "lmtp") {
    return failSession(session, "hello", remoteStatus(reply, options.peer));
  }
  // RFC 5321 §3.2: HELO only where TLS is not wanted, for it cannot lead there.
  if (options.tls === "none") return sayHelo(session);
  const text = `the host refused ${verbOf(session)} (${reply.code} ${replyText(reply)}), so there is no STARTTLS`;
  return failSession(session, "starttls", findingStatus("tls-not-offered", text, options.peer, reply));
}

export function onHelo(state: Waiting<"await-helo">, reply: Reply): Step {
  if (classOf(reply) === 2) return onLastHello({ ...state.session, extensions: NO_EXTENSIONS });
  if (classOf(reply) === 3) return unexpected(state, "HELO", reply);
  return failSession(state.session, "hello", remoteStatus(reply, state.session.options.peer));
}

/** `more`: octets follow the reply, which somebody put there to be read inside TLS. */
export function onStartTls(state: Waiting<"await-starttls">, reply: Reply, more: boolean): Step {
  const { session } = state;
  if (classOf(reply) === 3) return unexpected(state, "STARTTLS", reply);
  if (classOf(reply) !== 2) {
    const text = `the host refused STARTTLS: ${reply.code} ${replyText(reply)}`;
    return failSession(session, "starttls", findingStatus("tls-unavailable", text, session.options.peer, reply));
  }
  if (more) {
    // RFC 3207 §6
    const text = "octets follow the reply to STARTTLS before the handshake";
    return cutSession(session, "starttls", finding(session, "peer-protocol-error", text));
  }
  return { state: { kind: "await-handshake", session }, effects: [{ kind: "no-deadline" }, { kind: "start-tls" }] };
}

/** RFC 3207 §4.2: all that was learnt before is forgotten. */
export function onSecured({ session }: Waiting<"await-handshake">): Step {
  return sayEhlo({ ...session, secured: true, extensions: NO_EXTENSIONS });
}

function askForTls(session: SessionFacts, reply: Reply): Step {
  const { options, extensions } = session;
  if (!extensions.starttls && options.tls === "offered") return onLastHello(session);
  if (!extensions.starttls) {
    const status = findingStatus("tls-not-offered", "the host offers no STARTTLS", options.peer, reply);
    return failSession(session, "starttls", status);
  }
  return {
    state: { kind: "await-starttls", session },
    effects: [
      writeLine("STARTTLS\r\n"),
      { kind: "deadline", after: options.timeouts.starttls, what: "the reply to STARTTLS" },
    ],
  };
}

function sayHelo(session: SessionFacts): Step {
  return {
    state: { kind: "await-helo", session },
    effects: [
      writeLine(`HELO ${session.options.hostname}\r\n`),
      { kind: "deadline", after: session.options.timeouts.hello, what: "the reply to HELO" },
    ],
  };
}

/** Nothing but the login stands between the last EHLO and the first MAIL. */
function onLastHello(session: SessionFacts): Step {
  return session.options.login === true ? beginLogin(session) : becomeReady(session);
}

// RFC 2033 §4.1
function verbOf({ options }: SessionFacts): "EHLO" | "LHLO" {
  return options.protocol === "lmtp" ? "LHLO" : "EHLO";
}
