import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext, TLSSocket } from "node:tls";

/** What a scripted server does on a line: says something, or something rougher. */
export type Answer =
  | string
  | { readonly kind: "close" | "silence" | "stop-reading" }
  /** Says it, then begins TLS. */
  | { readonly kind: "tls"; readonly say: string };

export interface PeerOptions {
  readonly greeting?: string;
  /** Lines of the EHLO reply. */
  readonly offers?: readonly string[];
  /** Takes over for lines it knows; undefined leaves the ordinary answer. */
  readonly answer?: (line: string, secured: boolean) => Answer | undefined;
  readonly certificate?: { readonly chain: string; readonly key: string };
  readonly implicit?: boolean;
}

export interface Peer extends AsyncDisposable {
  readonly port: number;
  /** Command lines as they came; lines inside TLS begin with "*". */
  readonly lines: readonly string[];
  /** Contents that ended properly, still dot-stuffed. */
  readonly contents: readonly string[];
  /** Connections accepted so far, and those open now. */
  readonly connections: { readonly total: number; readonly open: number };
  /** Octets of content that came, ended or not. */
  readonly received: number;
  resume(): void;
  /** Resolves when nobody is connected any more. */
  empty(): Promise<void>;
}

/** A server that follows a script, on loopback. */
export async function startPeer(options: PeerOptions = {}): Promise<Peer> {
  const lines: string[] = [];
  const contents: string[] = [];
  const open = new Set<Socket>();
  const paused = new Set<Duplex>();
  const waiting: (() => void)[] = [];
  let total = 0;
  let received = 0;

  const converse = (socket: Duplex, secured: boolean): void => {
    let buffer = "";
    let content: string[] | undefined;
    const say = (text: string): void => void socket.write(text.endsWith("\r\n") ? text : `${text}\r\n`);
    const act = (answer: Answer): void => {
      if (typeof answer === "string") return say(answer);
      switch (answer.kind) {
        case "close":
          return void socket.end();
        case "stop-reading":
          paused.add(socket);
          return void socket.pause();
        case "tls":
          socket.removeAllListeners("data").pause();
          return void socket.write(`${answer.say}\r\n`, () => secure(socket));
        case "silence":
      }
    };
    const onLine = (line: string): void => {
      lines.push(secured ? `* ${line}` : line);
      act(options.answer?.(line, secured) ?? ordinary(line, options, secured));
      if (line === "DATA" && options.answer?.(line, secured) === undefined) content = [];
    };
    socket
      .on("error", () => undefined)
      .on("data", (octets: Buffer) => {
        buffer += octets.toString("latin1");
        if (content !== undefined) received += octets.length;
        for (;;) {
          const end = buffer.indexOf("\r\n");
          if (end < 0) break;
          const line = buffer.slice(0, end);
          buffer = buffer.slice(end + 2);
          if (content === undefined) onLine(line);
          else if (line !== ".") content.push(`${line}\r\n`);
          else {
            contents.push(content.join(""));
            content = undefined;
            act(options.answer?.(".", secured) ?? "250 2.6.0 kept");
          }
        }
      });
    if (!secured || options.implicit === true) say(options.greeting ?? "220 peer.example");
  };

  const secure = (socket: Duplex): void => {
    const { chain, key } = options.certificate ?? { chain: "", key: "" };
    const secureContext = createSecureContext({ cert: chain, key });
    converse(new TLSSocket(socket, { isServer: true, secureContext }), true);
  };

  const server = createServer({ noDelay: true }, (socket) => {
    total++;
    open.add(socket);
    socket
      .on("error", () => undefined)
      .on("close", () => {
        open.delete(socket);
        if (open.size === 0) for (const done of waiting.splice(0)) done();
      });
    if (options.implicit === true) secure(socket);
    else converse(socket, false);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    lines,
    contents,
    get connections() {
      return { total, open: open.size };
    },
    get received() {
      return received;
    },
    resume() {
      for (const socket of paused) socket.resume();
    },
    empty: () => (open.size === 0 ? Promise.resolve() : new Promise((resolve) => void waiting.push(resolve))),
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function ordinary(line: string, { offers = [] }: PeerOptions, secured: boolean): Answer {
  const verb = line.split(" ", 1)[0] ?? "";
  if (verb === "EHLO") {
    const said = ["peer.example", ...offers.filter((offer) => !secured || offer !== "STARTTLS")];
    return said.map((one, at) => `250${at === said.length - 1 ? " " : "-"}${one}\r\n`).join("");
  }
  if (verb === "STARTTLS") return { kind: "tls", say: "220 go on" };
  if (verb === "DATA") return "354 go on";
  if (verb === "QUIT") return "221 bye";
  return "250 2.0.0 ok";
}
