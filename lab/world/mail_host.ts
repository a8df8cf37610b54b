import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import type { Recorder, TlsVersion } from "../types.ts";
import type { Chain } from "./authority.ts";
import type { CellRecorder, RawPlace } from "./record.ts";

export interface MailHostOptions {
  readonly name: string;
  /** Absent: offers no TLS. */
  readonly chain?: Chain;
  readonly requireTls: boolean;
  readonly tls?: TlsVersion;
  readonly ciphers?: string;
  /** Where what it takes is recorded. */
  readonly recorder: Extract<Recorder, "real.mx" | "evil.mx" | "mitm.tls" | "dsn">;
  readonly record: CellRecorder;
  readonly stir: () => void;
  /** 48 octets. */
  readonly ticketKeys?: Buffer;
  /** What it does with what it takes, before it says so. */
  readonly passOn?: (content: string) => Promise<void>;
}

export interface MailHost extends AsyncDisposable {
  readonly port: number;
}

/** A mail host on loopback that takes everything; it knows just enough of SMTP, and hides nothing of what it reads. */
export async function openMailHost(options: MailHostOptions): Promise<MailHost> {
  const sockets = new Set<Socket>();
  const host: Host = { ...options, context: contextOf(options) };
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
    socket.write(`220 ${options.name} ESMTP\r\n`);
    converse(host, socket, "clear");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Host extends MailHostOptions {
  readonly context: SecureContext | undefined;
}
type Channel = "clear" | "tls";

function contextOf({ chain, tls, ciphers, ticketKeys }: MailHostOptions): SecureContext | undefined {
  if (chain === undefined) return undefined;
  return createSecureContext({
    cert: chain.pem,
    key: chain.key,
    // A weak key is shown only at the lowest level.
    ciphers: `${ciphers ?? "DEFAULT"}@SECLEVEL=0`,
    minVersion: "TLSv1",
    ...(tls === undefined ? {} : { maxVersion: tls }),
    ...(ticketKeys === undefined ? {} : { ticketKeys, sessionIdContext: "lab" }),
  });
}

function converse(host: Host, socket: Socket, channel: Channel): void {
  const raw = host.record.track(PLACES[host.recorder]);
  let held = Buffer.alloc(0);
  let content: Buffer[] | undefined;
  const take = (chunk: Buffer): void => {
    host.stir();
    if (channel === "tls") raw(chunk);
    held = Buffer.concat([held, chunk]);
    for (let end = held.indexOf("\r\n"); end >= 0; end = held.indexOf("\r\n")) {
      const line = held.subarray(0, end).toString("latin1");
      held = held.subarray(end + 2);
      if (content !== undefined && line !== ".") content.push(Buffer.from(`${line}\r\n`, "latin1"));
      else if (content !== undefined) {
        const octets = Buffer.concat(content);
        host.record.content({ recorder: host.recorder, channel, octets });
        host.record.note(`${host.name} ${channel} content`);
        content = undefined;
        const taken = (): void => void socket.write("250 2.6.0 taken\r\n");
        if (host.passOn === undefined) taken();
        else void host.passOn(octets.toString("latin1")).then(taken, () => socket.destroy());
      } else if (verbOf(line) === "STARTTLS" && host.context !== undefined && channel === "clear") {
        socket.off("data", take);
        socket.write("220 2.0.0 go\r\n");
        return secure(host, socket, host.context);
      } else {
        const reply = answer(host, line, channel);
        if (reply.startsWith("354")) content = [];
        socket.write(reply);
        if (reply.startsWith("221")) socket.end();
      }
    }
  };
  socket.on("data", take);
}

function answer(host: Host, line: string, channel: Channel): string {
  switch (verbOf(line)) {
    case "EHLO": {
      const starttls = host.context !== undefined && channel === "clear" ? "250-STARTTLS\r\n" : "";
      const promised = host.requireTls && channel === "tls" ? "250-REQUIRETLS\r\n" : "";
      return `250-${host.name}\r\n250-ENHANCEDSTATUSCODES\r\n${starttls}${promised}250 8BITMIME\r\n`;
    }
    case "HELO":
    case "RCPT":
    case "RSET":
    case "NOOP":
      return OK;
    case "MAIL":
      host.record.note(
        `${host.name} ${channel} MAIL${line.toUpperCase().includes(" REQUIRETLS") ? " REQUIRETLS" : ""}`,
      );
      return OK;
    case "DATA":
      return "354 go on\r\n";
    case "QUIT":
      return "221 2.0.0 bye\r\n";
    default:
      host.record.note(`${host.name} ${channel} ? ${line.slice(0, 60)}`);
      return "500 5.5.1 what\r\n";
  }
}

function secure(host: Host, socket: Socket, context: SecureContext): void {
  const secured = new TLSSocket(socket, { isServer: true, secureContext: context });
  secured.on("error", () => socket.destroy());
  secured.once("secure", () => host.record.note(`${host.name} handshake ${secured.getProtocol() ?? ""}`));
  converse(host, secured, "tls");
}

function verbOf(line: string): string {
  return line.split(/[ :]/, 1)[0]?.toUpperCase() ?? "";
}

const PLACES: Readonly<Record<MailHostOptions["recorder"], RawPlace>> = {
  "real.mx": "real",
  "evil.mx": "evil",
  "mitm.tls": "mitm",
  dsn: "return",
};
const OK = "250 2.0.0 ok\r\n";
