import { createSocket } from "node:dgram";
import { connect, isIP } from "node:net";
import type { PeerCertificate } from "node:tls";
import { checkServerIdentity, connect as connectTls } from "node:tls";
import type { Bytes } from "../../base/mod.ts";
import type { DnsServer } from "./servers.ts";

/** How questions reach a server; the lab and tests put their own network here. */
export interface DnsDialer {
  /** A UDP socket of its own on an unpredictable port, which hears that server alone. */
  datagram(server: DnsServer, heard: Heard): Line;
  /** A TCP connection, or TLS with the server's certificate verified when it has `tls`. */
  stream(server: DnsServer, heard: Heard): Line;
}

/** What is sent before the line stands is kept until then. */
export interface Line {
  send(octets: Bytes): void;
  /** Frees the socket; nothing is heard from it any more. */
  close(): void;
}

/** Never called before the dialling function has returned. */
export interface Heard {
  readonly data: (octets: Bytes) => void;
  /** The line is of no more use. Comes once at most. */
  readonly lost: (reason: string) => void;
}

export const nodeDialer: DnsDialer = { datagram: dialDatagram, stream: dialStream };

// RFC 5452 §9.2: the system picks an unpredictable port for every socket
function dialDatagram(server: DnsServer, heard: Heard): Line {
  const socket = createSocket({ type: isIP(server.address) === 6 ? "udp6" : "udp4", lookup: literalOnly });
  const unsent: Bytes[] = [];
  let state: "connecting" | "open" | "closed" = "connecting";
  const close = (): void => {
    if (state === "closed") return;
    state = "closed";
    socket.close();
  };
  socket.on("error", (cause) => {
    if (state === "closed") return;
    close();
    heard.lost(describe(cause));
  });
  socket.on("message", (octets, from) => {
    // RFC 5452 §9.1
    if (state === "open" && from.port === server.port) heard.data(plain(octets));
  });
  socket.connect(server.port, server.address, () => {
    if (state === "closed") return;
    state = "open";
    for (const octets of unsent) socket.send(octets);
  });
  return {
    send: (octets) => {
      if (state === "open") socket.send(octets);
      else if (state === "connecting") unsent.push(octets);
    },
    close,
  };
}

function dialStream(server: DnsServer, heard: Heard): Line {
  const at = { host: server.address, port: server.port, noDelay: true };
  const { tls } = server;
  const socket =
    tls === undefined
      ? connect(at)
      : connectTls({
          ...at,
          ...(isIP(tls.name) === 0 ? { servername: tls.name } : {}),
          ...(tls.ca === undefined ? {} : { ca: tls.ca }),
          minVersion: "TLSv1.2",
          checkServerIdentity: (_host, certificate) => checkName(tls.name, certificate),
        });
  let closed = false;
  const close = (): void => {
    closed = true;
    socket.destroy();
  };
  const lose = (reason: string): void => {
    if (closed) return;
    close();
    heard.lost(reason);
  };
  socket.on("data", (octets: Buffer) => {
    if (!closed) heard.data(plain(octets));
  });
  socket.on("error", (cause) => lose(describe(cause)));
  socket.on("close", () => lose("closed the connection"));
  return { send: (octets) => void socket.write(octets), close };
}

/** Without Buffer's own `slice`, which shares memory where the codec means to copy. */
function plain(octets: Buffer): Bytes {
  return new Uint8Array(octets.buffer, octets.byteOffset, octets.length);
}

/** The common name counts for nothing: without a subject alternative name there is no name. */
// RFC 8310 §8.1
function checkName(name: string, certificate: PeerCertificate): Error | undefined {
  if (certificate.subjectaltname === undefined) return new Error("The certificate names no host");
  return checkServerIdentity(name, certificate);
}

function describe(cause: Error): string {
  const code = "code" in cause ? String(cause.code) : "";
  switch (code) {
    case "ECONNREFUSED":
      return "refused the connection";
    case "ENETUNREACH":
    case "EHOSTUNREACH":
      return "cannot be reached";
    default:
      return cause.message;
  }
}

/** Addresses are literals, so no look-up may ever happen. */
const literalOnly = (
  host: string,
  _options: unknown,
  done: (cause: Error | null, address: string, family: number) => void,
): void => {
  const family = isIP(host);
  if (family === 0) done(new Error(`"${host}" is no IP address`), "", 4);
  else done(null, host, family);
};
