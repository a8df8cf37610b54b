import type { X509Certificate } from "node:crypto";
import type { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import { type Clock, err, type Millis, ok, type Result } from "../../base/mod.ts";
import { publish } from "../../observe/mod.ts";
import type { Handshake, TlsSession } from "../session.ts";
import type { KeyExchange, TrustStore } from "./trust.ts";

export interface UpgradeOptions {
  /** The name to ask for (SNI); null asks for none, as for an IP literal. */
  readonly servername: string | null;
  readonly trust: TrustStore;
  readonly hello: "full" | "small";
  /** Default: any. */
  readonly keys?: KeyExchange;
  /** For the whole handshake. */
  readonly deadline: Millis;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** Why there is no TLS session; the connection is of no further use (RFC 3207 §4.1). */
export interface HandshakeFault {
  readonly kind: "timeout" | "closed" | "aborted" | "failed";
  /** One clause for people. */
  readonly detail: string;
  /** The library's code, e.g. ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION. */
  readonly code?: string;
}

export interface Upgraded {
  readonly socket: TLSSocket;
  readonly handshake: Handshake;
}

/**
 * Does a client's TLS handshake over an open connection whose read buffer is empty. The peer's certificate is reported,
 * never judged: any certificate completes the handshake, and no name is checked. Nothing is resumed and no ALPN is sent.
 * On a fault the connection is destroyed.
 */
export function upgrade(socket: Duplex, options: UpgradeOptions): Promise<Result<Upgraded, HandshakeFault>> {
  if (options.signal?.aborted === true) {
    socket.destroy();
    return Promise.resolve(err({ kind: "aborted", detail: "the attempt was called off" }));
  }
  return new Promise((resolve) => {
    const secured = connect({
      socket,
      secureContext: options.trust.context(options.hello, options.keys),
      minVersion: "TLSv1.2",
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...(options.servername === null ? {} : { servername: options.servername }),
    });
    const fail = (fault: HandshakeFault): void => {
      stop();
      secured.on("error", ignore);
      socket.on("error", ignore);
      secured.destroy();
      socket.destroy();
      resolve(err(fault));
    };
    const since = options.clock.monotonic();
    const onSecure = (): void => {
      stop();
      const handshake = handshakeOf(secured, options.servername);
      if (handshake.ok) tell(handshake.value, options.clock.monotonic() - since);
      if (handshake.ok) resolve(ok({ socket: secured, handshake: handshake.value }));
      else fail({ kind: "failed", detail: handshake.error });
    };
    const onError = (error: NodeJS.ErrnoException): void => fail(faultOf(error));
    const onClose = (): void => fail({ kind: "closed", detail: "the host closed the connection in the handshake" });
    const onAbort = (): void => fail({ kind: "aborted", detail: "the attempt was called off" });
    const timer = options.clock.after(options.deadline, () =>
      fail({ kind: "timeout", detail: `no TLS handshake within ${Math.round(options.deadline / 1000)} s` }),
    );
    const stop = (): void => {
      timer[Symbol.dispose]();
      options.signal?.removeEventListener("abort", onAbort);
      secured.off("secureConnect", onSecure).off("error", onError).off("close", onClose).off("end", onClose);
    };
    secured.on("secureConnect", onSecure).on("error", onError).on("close", onClose).on("end", onClose);
    options.signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function tell({ session }: Handshake, took: Millis): void {
  publish("hopseal:handshake", { side: "client", version: session.version, took });
}

function handshakeOf(socket: TLSSocket, sni: string | null): Result<Handshake, string> {
  const version = socket.getProtocol();
  if (version !== "TLSv1.2" && version !== "TLSv1.3") return err(`the host settled on ${String(version)}`);
  const leaf = socket.getPeerX509Certificate();
  if (leaf === undefined) return err("the host sent no certificate");
  const group = groupOf(socket);
  const session: TlsSession = {
    version,
    cipher: socket.getCipher().standardName,
    ...(group === undefined ? {} : { group }),
    ...(sni === null ? {} : { sni }),
  };
  const chainError = chainErrorOf(socket);
  return ok({
    session,
    chain: chainOf(leaf),
    ...(chainError === undefined ? {} : { chainError }),
    resumed: socket.isSessionReused(),
  });
}

/** Every verdict but plain success is an error, so that an unknown state never reads as trust. */
function chainErrorOf(socket: TLSSocket): string | undefined {
  if (socket.authorized) return undefined;
  const verdict: unknown = socket.authorizationError;
  if (verdict instanceof Error) return verdict.message;
  return typeof verdict === "string" && verdict !== "" ? verdict : "the chain was not verified";
}

function chainOf(leaf: X509Certificate): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  for (let next: X509Certificate | undefined = leaf; next !== undefined; next = next.issuerCertificate) {
    if (chain.length === LONGEST_CHAIN) break;
    chain.push(new Uint8Array(next.raw));
  }
  return chain;
}

/** The IANA name of the key-exchange group; TLS 1.2 with RSA key transport has none. */
function groupOf(socket: TLSSocket): string | undefined {
  const info: unknown = socket.getEphemeralKeyInfo();
  if (typeof info !== "object" || info === null || !("name" in info) || typeof info.name !== "string") return undefined;
  return GROUPS.get(info.name) ?? info.name;
}

function faultOf(error: NodeJS.ErrnoException): HandshakeFault {
  if (error.code === "ECONNRESET" || error.code === "EPIPE") {
    return { kind: "closed", detail: "the host closed the connection in the handshake", code: error.code };
  }
  const reason: unknown = "reason" in error ? error.reason : undefined;
  return {
    kind: "failed",
    detail: typeof reason === "string" ? reason : error.message,
    ...(error.code === undefined ? {} : { code: error.code }),
  };
}

function ignore(): void {
  // The fault is already reported; late errors of a destroyed socket say nothing more.
}

const LONGEST_CHAIN = 32;
/** OpenSSL's names where they differ from the registry of supported groups. */
const GROUPS: ReadonlyMap<string, string> = new Map([
  ["X25519", "x25519"],
  ["X448", "x448"],
  ["prime256v1", "secp256r1"],
]);
