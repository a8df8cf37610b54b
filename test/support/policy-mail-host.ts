import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { type Minted, toPem } from "./mint.ts";

/** What a mail host shows and how it behaves. */
export interface MailHostSpec {
  /** Leaf first, in the order in which they are sent; none is a host without TLS. */
  readonly sends?: readonly Minted[];
  /** What OpenSSL says of the chain against the roots of the test; absent when it trusts it. For the pure half of a row. */
  readonly chainError?: string;
  readonly does?: MailHostDoes;
  /** Where the host lists REQUIRETLS. */
  readonly requireTls?: "inside" | "outside";
  /** TLS from the first octet. */
  readonly implicit?: true;
}

export type MailHostDoes =
  | "starttls-454"
  | "starttls-502"
  | "reset-in-handshake"
  | "garbage-in-handshake"
  | "old-tls"
  | "end-after-starttls"
  | "end-after-handshake"
  /** A middle box lets only a ClientHello of one packet through. */
  | "small-hello"
  | "rcpt-450"
  | "rcpt-550"
  /** Says 555 to MAIL with the parameter REQUIRETLS. */
  | "mail-555"
  | "greeting-554";

export interface MailHost extends AsyncDisposable {
  readonly port: number;
  /** In order, e.g. "sni mx.pine.example", "tls MAIL REQUIRETLS". */
  readonly saw: readonly string[];
}

/** A mail host on loopback that knows just enough of SMTP and shows any certificate. */
export async function startMailHost(spec: MailHostSpec): Promise<MailHost> {
  const saw: string[] = [];
  const sockets = new Set<Socket>();
  const host: Host = { spec, context: contextOf(spec), note: (what) => saw.push(what) };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
    if (spec.implicit === true) return secure(host, socket, true);
    if (spec.does === "greeting-554") return void socket.end("554 5.3.2 no mail here\r\n");
    socket.write(GREETING);
    converse(host, socket, "clear");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    saw,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Host {
  readonly spec: MailHostSpec;
  readonly context: SecureContext | undefined;
  note(what: string): void;
}
type Channel = "clear" | "tls";

function contextOf({ sends, does }: MailHostSpec): SecureContext | undefined {
  const [leaf] = sends ?? [];
  if (sends === undefined || leaf === undefined) return undefined;
  return createSecureContext({
    cert: sends.map(({ der }) => toPem(der)).join(""),
    key: leaf.keys.privateKey.export({ type: "pkcs8", format: "pem" }),
    ...(does === "old-tls" ? { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } : {}),
  });
}

function converse(host: Host, socket: Socket, channel: Channel): void {
  let held = "";
  let content = false;
  const take = (chunk: Buffer): void => {
    held += chunk.toString("latin1");
    for (let end = held.indexOf("\r\n"); end >= 0; end = held.indexOf("\r\n")) {
      const line = held.slice(0, end);
      held = held.slice(end + 2);
      if (content) {
        if (line !== ".") continue;
        content = false;
        host.note(`${channel} content`);
        socket.write("250 2.6.0 taken\r\n");
        continue;
      }
      const verb = verbOf(line);
      if (verb === "STAR") {
        socket.off("data", take);
        return startTls(host, socket);
      }
      const reply = answer(host, line, channel);
      content = reply.startsWith("354");
      socket.write(reply);
      if (verb === "QUIT") socket.end();
    }
  };
  socket.on("data", take);
}

function answer({ spec, context, note }: Host, line: string, channel: Channel): string {
  switch (verbOf(line)) {
    case "EHLO": {
      const starttls = context !== undefined && channel === "clear" ? "250-STARTTLS\r\n" : "";
      const promised = spec.requireTls === (channel === "tls" ? "inside" : "outside") ? "250-REQUIRETLS\r\n" : "";
      return `250-host\r\n250-ENHANCEDSTATUSCODES\r\n${starttls}${promised}250 8BITMIME\r\n`;
    }
    case "MAIL": {
      const required = line.toUpperCase().includes(" REQUIRETLS");
      note(`${channel} MAIL${required ? " REQUIRETLS" : ""}`);
      return required && spec.does === "mail-555" ? "555 5.5.4 unknown parameter\r\n" : OK;
    }
    case "RCPT":
      if (spec.does === "rcpt-450") return "450 4.2.1 later\r\n";
      return spec.does === "rcpt-550" ? "550 5.1.1 nobody\r\n" : OK;
    case "DATA":
      return "354 go on\r\n";
    case "QUIT":
      return "221 2.0.0 bye\r\n";
    default:
      return OK;
  }
}

function startTls(host: Host, socket: Socket): void {
  const { does } = host.spec;
  host.note("STARTTLS");
  if (does === "starttls-454" || does === "starttls-502") {
    socket.write(does === "starttls-454" ? "454 4.7.0 not now\r\n" : "502 5.5.1 what\r\n");
    return converse(host, socket, "clear");
  }
  if (does === "end-after-starttls") return void socket.end("220 2.0.0 go\r\n");
  socket.write("220 2.0.0 go\r\n");
  if (does === "reset-in-handshake") return void socket.once("data", () => socket.resetAndDestroy());
  if (does === "garbage-in-handshake") return void socket.once("data", () => socket.write(OK));
  if (does === "small-hello") return void socket.once("data", (hello: Buffer) => letSmallThrough(host, socket, hello));
  secure(host, socket, false);
}

function letSmallThrough(host: Host, socket: Socket, hello: Buffer): void {
  if (hello.length > ONE_PACKET) return void socket.resetAndDestroy();
  socket.pause();
  socket.unshift(hello);
  secure(host, socket, false);
}

function secure(host: Host, socket: Socket, greets: boolean): void {
  const { context, spec, note } = host;
  const secured = new TLSSocket(socket, {
    isServer: true,
    ...(context === undefined ? {} : { secureContext: context }),
    SNICallback(name, done) {
      note(`sni ${name}`);
      done(null, context);
    },
  });
  secured.on("error", () => socket.destroy());
  if (spec.does === "end-after-handshake") return void secured.once("secure", () => socket.destroy());
  if (greets) secured.write(GREETING);
  converse(host, secured, "tls");
}

function verbOf(line: string): string {
  return line.slice(0, 4).toUpperCase();
}

const GREETING = "220 host ESMTP\r\n";
const OK = "250 2.0.0 ok\r\n";
/** Octets; a ClientHello with a post-quantum share is longer. */
const ONE_PACKET = 1000;
