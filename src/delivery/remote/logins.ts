import type { Clock, Millis } from "../../base/mod.ts";
import type { SessionFailure, Target } from "../../smtp/client/mod.ts";
import type { OpenSession } from "../walk.ts";

/**
 * Keeps a login that a next hop refuses for good (5yz) from being tried by every message and at every address of the hop:
 * it rests, twice as long each time up to an hour, and what comes meanwhile fails as the last try did. Until a login has
 * been accepted once, one session at a time tries it.
 */
export function restingLogins(openSession: OpenSession, clock: Pick<Clock, "monotonic">): RestingLogins {
  const logins = new Map<string, Login>();
  const open: OpenSession = async (target, decision, rung, signal) => {
    if (target.credentials === undefined) return await openSession(target, decision, rung, signal);
    const key = keyOf(target, target.credentials.user);
    const login = logins.get(key) ?? { proved: false, wait: 0, until: -Infinity };
    logins.set(key, login);
    while (!login.proved && login.under !== undefined) if (!(await login.under)) break;
    if (login.refusal !== undefined && clock.monotonic() < login.until) return resting(login.refusal);
    const under = Promise.withResolvers<boolean>();
    login.under = under.promise;
    let answered = false;
    try {
      const session = await openSession(target, decision, rung, signal);
      answered = !("kind" in session) || session.connected;
      learn(login, session, clock.monotonic());
      return session;
    } finally {
      if (login.under === under.promise) delete login.under;
      under.resolve(answered);
    }
  };
  return {
    openSession: open,
    endRests() {
      for (const login of logins.values()) {
        login.wait = 0;
        login.until = -Infinity;
      }
    },
  };
}

export interface RestingLogins {
  readonly openSession: OpenSession;
  /** A password may have been set right: what rests is tried again at once, and rests shortly if that was wrong. */
  endRests(): void;
}

/** What is known of one login at one hop; there are as many as routes name. */
interface Login {
  /** It was accepted when it was last tried. */
  proved: boolean;
  wait: Millis;
  /** Of the monotonic clock. */
  until: Millis;
  refusal?: SessionFailure;
  /** The try under way; resolves to whether the host answered. */
  under?: Promise<boolean>;
}

function learn(login: Login, session: Awaited<ReturnType<OpenSession>>, now: Millis): void {
  if (!("kind" in session)) {
    login.proved = true;
    login.wait = 0;
    delete login.refusal;
    return;
  }
  // RFC 4954 §6: 4yz, and what was not asked, may be another thing at once.
  if (session.stage !== "auth" || (session.status.reply?.code ?? 0) < 500) return;
  login.proved = false;
  // Several that were under way together are one refusal.
  if (now >= login.until) {
    login.wait = Math.min(Math.max(login.wait * 2, FIRST_REST), LONGEST_REST);
    login.until = now + login.wait;
  }
  login.refusal = session;
}

/** Nothing was dialled, so TLS reports hear of nothing. */
function resting({ tls: _tls, status, ...failure }: SessionFailure): SessionFailure {
  return {
    ...failure,
    findings: [],
    connected: false,
    status: { ...status, text: `${status.text}; it rests for a while` },
  };
}

function keyOf({ host, port, mode, path }: Target, user: string): string {
  return JSON.stringify([host.toLowerCase(), port, mode, path ?? "", user]);
}

const FIRST_REST: Millis = 5 * 60_000;
const LONGEST_REST: Millis = 3_600_000;
