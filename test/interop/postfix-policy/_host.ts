import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";

export interface HostSpec {
  readonly address: string;
  /** PEM; without it there is no TLS, or somebody on the path hides it. */
  readonly certificate?: { readonly chain: string; readonly key: string };
}

export interface Host extends AsyncDisposable {
  /** "clear" or "tls", and the sender, for each message that was given. */
  readonly given: readonly { readonly channel: "clear" | "tls"; readonly from: string }[];
}

/** A mail host on port 25 of an address that knows just enough of SMTP. */
export async function startHost({ address, certificate }: HostSpec): Promise<Host> {
  const given: { channel: "clear" | "tls"; from: string }[] = [];
  const sockets = new Set<Socket>();
  const context =
    certificate === undefined ? undefined : createSecureContext({ cert: certificate.chain, key: certificate.key });
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
    socket.write("220 host ESMTP\r\n");
    converse(socket, "clear", { context, given });
  });
  server.listen(25, address);
  await once(server, "listening");
  return {
    given,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Place {
  readonly context: SecureContext | undefined;
  readonly given: { channel: "clear" | "tls"; from: string }[];
}

function converse(socket: Socket, channel: "clear" | "tls", place: Place): void {
  let held = "";
  let content = false;
  let from = "";
  const take = (chunk: Buffer): void => {
    held += chunk.toString("latin1");
    for (let end = held.indexOf("\r\n"); end >= 0; end = held.indexOf("\r\n")) {
      const line = held.slice(0, end);
      held = held.slice(end + 2);
      if (content) {
        if (line !== ".") continue;
        content = false;
        place.given.push({ channel, from });
        socket.write("250 2.0.0 taken\r\n");
        continue;
      }
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === "STAR" && place.context !== undefined) {
        socket.off("data", take);
        socket.write("220 2.0.0 go\r\n");
        const secured = new TLSSocket(socket, { isServer: true, secureContext: place.context });
        secured.on("error", () => socket.destroy());
        return converse(secured, "tls", place);
      }
      if (verb === "MAIL") from = line.slice(line.indexOf("<") + 1, line.indexOf(">"));
      content = verb === "DATA";
      socket.write(answer(verb, channel === "clear" && place.context !== undefined));
      if (verb === "QUIT") socket.end();
    }
  };
  socket.on("data", take);
}

function answer(verb: string, offers: boolean): string {
  if (verb === "EHLO") return `250-host\r\n${offers ? "250-STARTTLS\r\n" : ""}250 8BITMIME\r\n`;
  if (verb === "DATA") return "354 go on\r\n";
  return verb === "QUIT" ? "221 2.0.0 bye\r\n" : "250 2.0.0 ok\r\n";
}
