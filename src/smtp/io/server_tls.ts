import type { Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import type { TlsSession } from "../../tls/mod.ts";

/** Where the certificates of a listener come from. */
export interface ServerTls {
  /** The context for the name that a client asks for; some default for no name and for an unknown one (RFC 8461 §7.1). */
  contextFor(servername?: string): SecureContext;
}

/** Starts a server's handshake over a connection whose octets nobody has touched. */
export function startHandshake(socket: Socket, tls: ServerTls): TLSSocket {
  return new TLSSocket(socket, {
    isServer: true,
    secureContext: tls.contextFor(),
    SNICallback(servername, done) {
      try {
        const context = tls.contextFor(servername);
        // Setting a context leaves it one key type only; the default one is in force already, with all of its own.
        if (context === tls.contextFor()) done(null);
        else done(null, context);
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
    // No protocol in common ends the handshake (RFC 7301 §3.2), which keeps other protocols' clients away.
    ALPNCallback: ({ protocols }) => (protocols.includes(ALPN) ? ALPN : undefined),
  });
}

/**
 * Calls `abused` when the client of a finished handshake wants another one (TLS 1.2), or new keys again and again (TLS 1.3),
 * from within the library's own work. No sender needs either: keys last for more octets than a session carries.
 */
export function watchKeys(socket: TLSSocket, abused: () => void): void {
  let updates = 0;
  // Told of a renegotiation, also of one that was refused.
  socket.on("secure", abused);
  if (socket.getProtocol() !== "TLSv1.3") return;
  // Each update of a key is told as a line for a key log, which nobody writes.
  socket.on("keylog", () => {
    if (++updates === MOST_KEY_UPDATES) abused();
  });
}

/** The facts of a finished handshake; undefined for a version that must not be used (RFC 8996 §4). */
export function sessionOf(socket: TLSSocket): TlsSession | undefined {
  const version = socket.getProtocol();
  if (version !== "TLSv1.2" && version !== "TLSv1.3") return undefined;
  const sni = "servername" in socket && typeof socket.servername === "string" ? socket.servername : undefined;
  const cipher = socket.getCipher().standardName;
  return { version, cipher, ...(sni === undefined ? {} : { sni }) };
}

const ALPN = "smtp";
/** Of both sides together. */
const MOST_KEY_UPDATES = 64;
