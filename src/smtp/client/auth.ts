import { type Bytes, utf8 } from "../../base/mod.ts";
import { chooseMechanism, decodeBase64, encodeBase64, type Login, redact, secretsOf } from "../../sasl/mod.ts";
import type { Status } from "../../status/mod.ts";
import type { Reply } from "../grammar/mod.ts";
import { loginStatus } from "./outcome.ts";
import type { ClientEffect, ClientState, SessionFacts, Step } from "./state.ts";
import { becomeReady, classOf, failSession, finding, unexpected, writeLine } from "./transitions.ts";

type Waiting<K extends ClientState["kind"]> = Extract<ClientState, { readonly kind: K }>;

/** After the last EHLO: asks for the login, if the host has a mechanism to use it with. */
export function beginLogin(session: SessionFacts): Step {
  const mechanism = chooseMechanism(session.extensions.auth);
  if (mechanism === undefined) {
    const offered = session.extensions.auth.slice(0, MOST_NAMED).join(" ");
    const text = `the host offers no login that we can do: ${offered === "" ? "no AUTH at all" : offered}`;
    return failSession(session, "auth", finding(session, "login-failed", text));
  }
  return {
    state: { kind: "await-login", session, mechanism },
    effects: [authDeadline(session, "the password"), { kind: "ask-login" }],
  };
}

export function onLogin({ session, mechanism }: Waiting<"await-login">, login: Login): Step {
  const started = mechanism.start(login);
  if (!started.ok) return failSession(session, "auth", finding(session, "login-failed", started.error));
  const exchange = started.value;
  const bare = `AUTH ${mechanism.name}`;
  const whole = exchange.initial === undefined ? bare : `${bare} ${initialResponse(exchange.initial)}`;
  // RFC 4954 §4: a command too long for SMTP goes without the initial response.
  const line = whole.length <= LONGEST_COMMAND - CRLF ? whole : bare;
  const state: ClientState = {
    kind: "await-auth",
    session,
    exchange,
    initialSent: line === whole,
    secrets: secretsOf(login),
    rounds: 0,
  };
  return { state, effects: [writeLine(`${line}\r\n`), authDeadline(session, "the reply to AUTH")] };
}

export function onLoginFailed({ session }: Waiting<"await-login">, detail: string): Step {
  return failSession(session, "auth", finding(session, "local-error", detail));
}

export function onAuthReply(state: Waiting<"await-auth">, reply: Reply): Step {
  const { session } = state;
  if (state.givenUp !== undefined) return failSession(session, "auth", state.givenUp);
  if (reply.code === CHALLENGE) return onChallenge(state, reply);
  const said = withoutSecrets(state, reply);
  if (classOf(reply) === 2) return becomeReady(session);
  if (classOf(reply) === 3) return unexpected(state, "AUTH", said);
  return failSession(session, "auth", loginStatus(said, session.options.peer));
}

/** The reply as it may be kept: a host may repeat what it was sent. */
export function withoutSecrets({ secrets }: Waiting<"await-auth">, reply: Reply): Reply {
  return { code: reply.code, lines: reply.lines.map((line) => redact(line, secrets)) };
}

function onChallenge(state: Waiting<"await-auth">, reply: Reply): Step {
  const { session, exchange, rounds } = state;
  const [text = "", ...more] = reply.lines;
  const challenge = decodeBase64(text);
  if (more.length > 0 || !challenge.ok || rounds === MOST_ROUNDS) {
    return giveUp(state, challenge.ok ? "the host goes on asking" : challenge.error);
  }
  if (exchange.initial !== undefined && !state.initialSent) {
    return respond({ ...state, initialSent: true }, exchange.initial);
  }
  const turn = exchange.next(challenge.value);
  if (!turn.ok) return giveUp(state, turn.error);
  return respond({ ...state, session, exchange: turn.value.rest }, turn.value.response);
}

function respond(state: Waiting<"await-auth">, response: Bytes): Step {
  return {
    state: { ...state, rounds: state.rounds + 1 },
    effects: [
      { kind: "write", parts: [utf8(`${encodeBase64(response)}\r\n`)] },
      authDeadline(state.session, "the reply to AUTH"),
    ],
  };
}

/** RFC 4954 §4: a line with "*" cancels; the host answers it before anything else is said. */
function giveUp(state: Waiting<"await-auth">, why: string): Step {
  const givenUp: Status = finding(state.session, "login-failed", `the login was given up: ${why}`);
  return {
    state: { ...state, givenUp },
    effects: [writeLine("*\r\n"), authDeadline(state.session, "the reply to AUTH")],
  };
}

function initialResponse(octets: Bytes): string {
  // RFC 4954 §4: an empty one is "=".
  return octets.length === 0 ? "=" : encodeBase64(octets);
}

function authDeadline({ options }: SessionFacts, what: string): ClientEffect {
  return { kind: "deadline", after: options.timeouts.auth, what };
}

const CHALLENGE = 334;
const CRLF = 2;
/** RFC 5321 §4.5.3.1.4 */
const LONGEST_COMMAND = 512;
const MOST_ROUNDS = 8;
const MOST_NAMED = 10;
