import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Clock, err, type Instant, ok, type Result } from "../../base/mod.ts";
import type { TlsDemand } from "../../mail/mod.ts";
import {
  type Admitted,
  bindingDemand,
  type PeerProof,
  type PlaintextAllowed,
  type Proceed,
  type Rejected,
  type Rung,
} from "../../policy/mod.ts";
import { type Cause, type Status, statusOf } from "../../status/mod.ts";
import type { Handshake } from "../../tls/mod.ts";
import { type HandshakeFault, type TrustStore, upgrade } from "../../tls/io/mod.ts";
import {
  type ClientOptions,
  type ClientSession,
  conversation,
  type Extensions,
  type Outgoing,
  type SessionFailure,
  type Target,
  TIMEOUTS,
  type Timeouts,
  tlsTrouble,
} from "../client/mod.ts";
import { type Driver, drive, type SessionFault } from "./client_driver.ts";
import { loginOf, mayLogIn } from "./client_login.ts";
import { hangUp } from "./client_wire.ts";
import { type Dial, tcpDialer } from "./dial.ts";

/** The judges of TLS; the client reasons about none of it itself. */
export interface ClientGate {
  confirmPeer(decision: Proceed, seen: Handshake, now?: Instant): PeerProof | Rejected;
  allowPlaintext(decision: Proceed): PlaintextAllowed | Rejected;
  admit(
    proof: PeerProof | PlaintextAllowed,
    decision: Proceed,
    ehlo: Extensions,
    demand: TlsDemand,
    now?: Instant,
  ): Admitted | Rejected;
}

export interface SessionOptions {
  /** Our name for EHLO: a domain or an address literal. */
  readonly hostname: string;
  readonly trust: TrustStore;
  readonly clock: Clock;
  readonly gate: ClientGate;
  /** Over TCP unless given. */
  readonly dial?: Dial;
  readonly timeouts?: Partial<Timeouts>;
  /** `preferred` sends by BDAT wherever it is offered; the default is only what DATA cannot carry. */
  readonly chunking?: ClientOptions["chunking"];
  /** Octets per BDAT. */
  readonly chunkSize?: number;
  readonly signal?: AbortSignal;
}

/**
 * Dials `target` and goes on one rung of the decision's ladder as far as the last EHLO. Where the decision has plaintext too,
 * a host that offers no STARTTLS is spoken to in plaintext on the same connection, for nothing was tried; a STARTTLS that was
 * refused or a handshake that failed ends the connection, and the next rung is another call.
 */
export async function openSession(
  target: Target,
  decision: Proceed,
  rung: Rung,
  options: SessionOptions,
): Promise<ClientSession | SessionFailure> {
  const signal = options.signal ?? new AbortController().signal;
  const attempt: Attempt = { target, decision, rung, options, signal, timeouts: { ...TIMEOUTS, ...options.timeouts } };
  const allowed = rung.kind === "plaintext" ? plaintext(attempt) : undefined;
  if (allowed?.ok === false) return failed(attempt, allowed.error, false);
  if (allowed !== undefined && !mayLogIn(target, allowed.value)) return failed(attempt, loginFault(target), false);
  let socket: Duplex;
  try {
    socket = await (options.dial ?? tcpDialer({ clock: options.clock }))(target, signal);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return failed(attempt, { stage: "connect", status: about(target, "connect-failed", why), findings: [] }, false);
  }
  const dialled = { ...attempt, ...localAddressOf(socket) };
  const opened = await converse(dialled, socket, allowed?.value);
  return opened.ok ? opened.value : failed(dialled, opened.error, true);
}

interface Attempt {
  readonly target: Target;
  readonly decision: Proceed;
  readonly rung: Rung;
  readonly options: SessionOptions;
  readonly signal: AbortSignal;
  readonly timeouts: Timeouts;
  /** The local address of the connection, where it has one. */
  readonly from?: string;
}

function localAddressOf(socket: Duplex): Pick<Attempt, "from"> {
  const from = socket instanceof Socket ? socket.localAddress : undefined;
  return from === undefined ? {} : { from };
}

async function converse(
  attempt: Attempt,
  first: Duplex,
  allowed: PlaintextAllowed | undefined,
): Promise<Result<ClientSession, SessionFault>> {
  const { target, rung, options } = attempt;
  let proof: PeerProof | PlaintextAllowed | undefined = allowed;
  const secure = async (plain: Duplex): Promise<Result<Duplex, SessionFault>> => {
    const secured = await goSecure(attempt, plain);
    if (!secured.ok) return secured;
    proof = secured.value.proof;
    return ok(secured.value.socket);
  };
  const implicit = rung.kind === "tls" && target.mode === "implicit";
  const fallback = rung.kind === "tls" && !implicit ? plainRung(attempt) : undefined;
  const connected = implicit ? await secure(first) : ok(first);
  if (!connected.ok) return connected;
  const driver = drive(connected.value, {
    clock: options.clock,
    secure,
    ...loginOf(target),
    conversation: conversation({
      hostname: options.hostname,
      peer: peerOf(target),
      tls:
        rung.kind === "plaintext" ? "none" : implicit ? "established" : fallback === undefined ? "starttls" : "offered",
      protocol: target.protocol ?? "smtp",
      login: target.credentials !== undefined,
      timeouts: attempt.timeouts,
      chunking: options.chunking ?? "needed",
      chunkSize: options.chunkSize ?? CHUNK_SIZE,
    }),
  });
  const started = await calledOff(attempt.signal, driver, () => driver.start());
  if (!started.ok) return started;
  const shown = proof ?? fallback;
  if (shown === undefined) throw new Error("A session became ready without a proof");
  return ok(sessionOf(attempt, driver, { proof: shown, extensions: started.value }));
}

/**
 * The permission to go on in plaintext with a host that offers no STARTTLS: nothing was tried that could have gone wrong,
 * so the connection is as good as a new one (RFC 3207 §4). It exists where the decision has that rung, and never for a
 * login that must not be sent that way.
 */
function plainRung({ target, decision, options }: Attempt): PlaintextAllowed | undefined {
  const allowed = options.gate.allowPlaintext(decision);
  return allowed.kind === "plaintext" && mayLogIn(target, allowed) ? allowed : undefined;
}

/** The handshake, and the verdict on the peer before anything is said inside TLS. */
async function goSecure(
  { target, decision, rung, options, signal, timeouts }: Attempt,
  plain: Duplex,
): Promise<Result<{ readonly socket: Duplex; readonly proof: PeerProof }, SessionFault>> {
  if (plain.readableLength > 0) {
    plain.destroy();
    // RFC 3207 §6
    const status = about(target, "peer-protocol-error", "octets follow the reply to STARTTLS before the handshake");
    return err({ stage: "starttls", status, findings: [] });
  }
  const secured = await upgrade(plain, {
    servername: decision.sni,
    trust: options.trust,
    hello: rung.kind === "tls" ? rung.hello : "full",
    keys: decision.keys,
    deadline: timeouts.handshake,
    clock: options.clock,
    signal,
  });
  if (!secured.ok) {
    const { code = secured.error.kind } = secured.error;
    return err({ stage: "handshake", status: handshakeStatus(target, secured.error), findings: [], code });
  }
  const { socket, handshake } = secured.value;
  const proof = options.gate.confirmPeer(decision, handshake, options.clock.now());
  if (proof.kind === "tls" && mayLogIn(target, proof)) return ok({ socket, proof });
  // RFC 3207 §4.1: a client that is not content with the session leaves with QUIT.
  socket.write("QUIT\r\n");
  hangUp(socket, { clock: options.clock, politely: true });
  if (proof.kind === "tls") return err(loginFault(target));
  return err({ stage: "verify", status: withPeer(target, proof.status), findings: proof.findings });
}

function sessionOf(
  { target, options, from }: Attempt,
  driver: Driver,
  { proof, extensions }: { readonly proof: PeerProof | PlaintextAllowed; readonly extensions: Extensions },
): ClientSession {
  return {
    target,
    proof,
    extensions,
    ...(from === undefined ? {} : { from }),
    get usable() {
      return driver.usable;
    },
    async send(outgoing, decision, signal = new AbortController().signal) {
      const { demand, reversePath } = outgoing.envelope;
      // RFC 8689 §5: a notice is not held back by REQUIRETLS, though it is sent with it where that can be.
      const binding = bindingDemand(demand, reversePath);
      const admitted = options.gate.admit(proof, decision, extensions, binding, options.clock.now());
      if ("kind" in admitted) return { ...admitted, status: withPeer(target, admitted.status) };
      return calledOff(signal, driver, () => mail(driver, outgoing, admitted));
    },
    quit: () => driver.quit(),
    [Symbol.asyncDispose]: () => driver.quit(),
  };
}

/** The one way to MAIL; without `admitted` there is none. */
function mail(driver: Driver, outgoing: Outgoing, { decision }: Admitted): ReturnType<Driver["transact"]> {
  const { envelope, content, recipients } = outgoing;
  const needed = decision.requireTls === true && envelope.reversePath.kind !== "null";
  const requireTls = needed ? "needed" : "wanted";
  return driver.transact({ envelope, content, recipients, requireTls }, () => outgoing.open());
}

/** Runs `work`; an abort of `signal` meanwhile ends the session. */
async function calledOff<T>(signal: AbortSignal, driver: Driver, work: () => Promise<T>): Promise<T> {
  const stop = (): void => driver.abort(statusOf("shutting-down", "the attempt was called off"));
  signal.addEventListener("abort", stop, { once: true });
  try {
    const result = work();
    if (signal.aborted) stop();
    return await result;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function plaintext({ target, decision, options }: Attempt): Result<PlaintextAllowed, SessionFault> {
  if (target.mode === "implicit") {
    const status = about(
      target,
      "tls-handshake-failed",
      "a port for TLS from the start is never spoken to in plaintext",
    );
    return err({ stage: "handshake", status, findings: [] });
  }
  const allowed = options.gate.allowPlaintext(decision);
  if (allowed.kind === "plaintext") return ok(allowed);
  return err({ stage: "verify", status: withPeer(target, allowed.status), findings: allowed.findings });
}

function handshakeStatus(target: Target, fault: HandshakeFault): Status {
  if (fault.kind === "aborted") return about(target, "shutting-down", fault.detail);
  return about(target, "tls-handshake-failed", `the TLS handshake failed: ${fault.detail}`);
}

function failed({ rung, from }: Attempt, fault: SessionFault, connected: boolean): SessionFailure {
  const { stage, status, findings } = fault;
  const tls = rung.kind === "tls" ? tlsTrouble(fault) : undefined;
  return {
    kind: "failed",
    stage,
    status,
    findings,
    connected,
    ...(from === undefined ? {} : { from }),
    ...(tls === undefined ? {} : { tls }),
  };
}

function loginFault(target: Target): SessionFault {
  const text = "the login is not sent, for it goes to a host that has proved who it is, inside TLS, and to nobody else";
  return { stage: "auth", status: about(target, "login-failed", text), findings: [] };
}

function about(target: Target, cause: Cause, text: string): Status {
  return withPeer(target, statusOf(cause, text));
}

function withPeer(target: Target, status: Status): Status {
  return { ...status, peer: peerOf(target) };
}

function peerOf({ host, address, path }: Target): NonNullable<Status["peer"]> {
  return path === undefined ? { host, address } : { host };
}

const CHUNK_SIZE = 256 * 1024;
