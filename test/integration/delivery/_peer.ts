import { createServer, type Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import type { IssuedCertificate } from "../../../lab/certificates.ts";

/** How a host behaves that somebody stands in the way of, or that is broken. */
export type Behaviour =
  | "good"
  | "no-starttls"
  | "starttls-454"
  | "starttls-500"
  | "starttls-drop"
  | "plaintext-after-220"
  | "injection-after-220"
  | "ehlo-refused"
  | "reset-in-handshake"
  | "drop-after-handshake"
  | "greeting-554"
  | "greeting-421"
  | "mail-451"
  | "rcpt-450"
  | "rcpt-550"
  /** Recipients called "later" get 450, those called "never" 550, others are taken. */
  | "rcpt-by-name"
  | "data-554"
  | "drop-after-dot"
  /** Ends each session right after the second message was taken. */
  | "drop-after-second"
  /** Answers the third MAIL of each session with 421 and ends it. */
  | "third-mail-421"
  | "silent-close";

export interface Peer extends AsyncDisposable {
  readonly port: number;
  /** Every command, with the channel that it came by, e.g. "plain EHLO" or "tls MAIL". */
  readonly commands: readonly string[];
  /** Messages that were answered with 250. */
  readonly accepted: readonly string[];
  /** Octets of content that came without TLS. */
  readonly clear: string;
  readonly connections: number;
}

/** An SMTP server on loopback that behaves as told; it knows just enough of SMTP to be believed. */
export async function startPeer(behaviour: Behaviour, certificate?: IssuedCertificate): Promise<Peer> {
  const commands: string[] = [];
  const accepted: string[] = [];
  const sockets = new Set<Socket>();
  let clear = "";
  let connections = 0;
  const secure =
    certificate === undefined ? undefined : createSecureContext({ cert: certificate.chain, key: certificate.key });
  const host: Host = {
    behaviour,
    secure,
    accepted,
    command: (channel, line) => commands.push(`${channel} ${line.split(/[ :]/, 1)[0]?.toUpperCase()}`),
    content: (channel, line) => {
      if (channel === "plain") clear += line;
    },
  };
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    greet(host, socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    port: address !== null && typeof address === "object" ? address.port : 0,
    commands,
    accepted,
    get clear() {
      return clear;
    },
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

type Channel = "plain" | "tls";

interface Host {
  readonly behaviour: Behaviour;
  readonly secure: ReturnType<typeof createSecureContext> | undefined;
  readonly accepted: string[];
  command(channel: Channel, line: string): void;
  content(channel: Channel, line: string): void;
}

function greet(host: Host, socket: Socket): void {
  if (host.behaviour === "silent-close") socket.destroy();
  else if (host.behaviour === "greeting-554") socket.end("554 no mail here\r\n");
  else if (host.behaviour === "greeting-421") socket.end("421 4.3.2 not now\r\n");
  else {
    socket.write("220 mx.pine.example ESMTP\r\n");
    serve(host, socket, "plain");
  }
}

function serve(host: Host, socket: Socket, channel: Channel): void {
  let held = "";
  let content: string | undefined;
  let taken = 0;
  const take = (chunk: Buffer): void => {
    held += chunk.toString("latin1");
    for (let end = held.indexOf("\r\n"); end >= 0; end = held.indexOf("\r\n")) {
      const line = held.slice(0, end);
      held = held.slice(end + 2);
      if (content === undefined) {
        host.command(channel, line);
        const upper = line.toUpperCase();
        if (upper.startsWith("STARTTLS")) return startTls(host, socket, take);
        if (upper.startsWith("DATA") && !REFUSING.has(host.behaviour)) content = "";
        if (upper.startsWith("MAIL") && host.behaviour === "third-mail-421" && taken >= 2) {
          return void socket.end("421 4.7.0 too many messages in one session\r\n");
        }
        socket.write(answer(host, upper, channel));
        if (upper.startsWith("QUIT")) socket.end();
      } else if (line === ".") {
        if (host.behaviour === "drop-after-dot") return void socket.destroy();
        if (host.behaviour === "data-554") socket.write("554 5.6.0 refused\r\n");
        else {
          host.accepted.push(content);
          socket.write("250 2.6.0 queued\r\n");
          if (++taken === 2 && host.behaviour === "drop-after-second") socket.end();
        }
        content = undefined;
      } else {
        host.content(channel, `${line}\r\n`);
        content += `${line.startsWith(".") ? line.slice(1) : line}\r\n`;
      }
    }
  };
  socket.on("data", take);
}

function answer({ behaviour, secure }: Host, line: string, channel: Channel): string {
  if (line.startsWith("EHLO")) {
    if (behaviour === "ehlo-refused") return "502 5.5.1 no\r\n";
    const offered = channel === "plain" && secure !== undefined && behaviour !== "no-starttls";
    return `250-mx.pine.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n${offered ? "250-STARTTLS\r\n" : ""}250 ENHANCEDSTATUSCODES\r\n`;
  }
  if (line.startsWith("MAIL") && behaviour === "mail-451") return "451 4.3.0 later\r\n";
  if (line.startsWith("RCPT") && behaviour === "rcpt-450") return "450 4.2.0 greylisted\r\n";
  if (line.startsWith("RCPT") && behaviour === "rcpt-550") return "550 5.1.1 no such user\r\n";
  if (behaviour === "rcpt-by-name" && line.startsWith("RCPT TO:<LATER@")) return "450 4.2.1 later\r\n";
  if (behaviour === "rcpt-by-name" && line.startsWith("RCPT TO:<NEVER@")) return "550 5.1.1 never\r\n";
  if (line.startsWith("DATA")) return REFUSING.has(behaviour) ? "503 5.5.1 no recipients\r\n" : "354 go on\r\n";
  return line.startsWith("QUIT") ? "221 2.0.0 bye\r\n" : "250 2.0.0 ok\r\n";
}

function startTls(host: Host, socket: Socket, take: (chunk: Buffer) => void): void {
  const { behaviour, secure } = host;
  if (behaviour === "starttls-454") return void socket.write("454 4.7.0 not now\r\n");
  if (behaviour === "starttls-500") return void socket.write("500 5.5.1 what\r\n");
  if (behaviour === "starttls-drop") return void socket.destroy();
  if (behaviour === "injection-after-220") return void socket.write("220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n");
  socket.write("220 2.0.0 go\r\n");
  socket.off("data", take);
  if (behaviour === "plaintext-after-220") return void socket.once("data", () => socket.write("250 ok\r\n"));
  if (behaviour === "reset-in-handshake") return void socket.once("data", () => socket.resetAndDestroy());
  const secured = new TLSSocket(socket, { isServer: true, ...(secure === undefined ? {} : { secureContext: secure }) });
  secured.on("error", () => socket.destroy());
  if (behaviour === "drop-after-handshake") return void secured.once("secure", () => socket.destroy());
  serve(host, secured, "tls");
}

/** Nobody is accepted there, so no content either. */
const REFUSING: ReadonlySet<Behaviour> = new Set(["mail-451", "rcpt-450", "rcpt-550"]);
