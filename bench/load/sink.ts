import { createServer as createPlain, type Socket } from "node:net";
import { createServer as createTls } from "node:tls";

/**
 * A process that takes mail and throws it away, for both sides of a measurement alike. Argument: `{"tls":{"cert","key"}}`
 * or `{}`. Says `{"port"}` when it listens, and `{"messages"}` at most every few milliseconds.
 */
interface Settings {
  readonly tls?: { readonly cert: string; readonly key: string };
}

let messages = 0;
let told = 0;

const settings = JSON.parse(process.argv[2] ?? "{}") as Settings;
const inside = settings.tls === undefined ? undefined : createTls({ ...settings.tls, minVersion: "TLSv1.3" }, serve);
const server = createPlain((socket) => (inside === undefined ? serve(socket, true) : startTls(socket)));
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.send?.({ port: address.port });
});
setInterval(() => {
  if (messages === told) return;
  told = messages;
  process.send?.({ messages });
}, 5);
process.on("disconnect", () => process.exit(0));

/** Speaks until STARTTLS, then hands the connection to the TLS server. */
function startTls(socket: Socket): void {
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.write("220 sink ESMTP\r\n");
  let text = "";
  const listen = (chunk: Buffer): void => {
    text += chunk.toString("latin1");
    const end = text.indexOf("\r\n");
    if (end < 0) return;
    const line = text.slice(0, end).toUpperCase();
    text = text.slice(end + 2);
    if (line !== "STARTTLS") {
      socket.write("250-sink\r\n250 STARTTLS\r\n");
      return;
    }
    socket.off("data", listen);
    socket.write("220 go ahead\r\n");
    inside?.emit("connection", socket);
  };
  socket.on("data", listen);
}

/** Commands by their first letter; content ends with a lone dot. */
function serve(socket: Socket, greet = false): void {
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  if (greet) socket.write("220 sink ESMTP\r\n");
  let rest = "";
  let inContent = false;
  socket.on("data", (chunk: Buffer) => {
    let text = rest + chunk.toString("latin1");
    let answer = "";
    for (;;) {
      if (inContent) {
        const end = text.indexOf("\r\n.\r\n");
        if (end < 0) {
          text = text.slice(-4);
          break;
        }
        text = text.slice(end + 5);
        inContent = false;
        messages++;
        answer += "250 2.0.0 taken\r\n";
      }
      const end = text.indexOf("\r\n");
      if (end < 0) break;
      const verb = text.slice(0, 4).toUpperCase();
      text = text.slice(end + 2);
      if (verb === "EHLO") answer += "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n";
      else if (verb === "DATA") {
        answer += "354 go\r\n";
        inContent = true;
        // The content's first line may be the lone dot.
        text = `\r\n${text}`;
      } else if (verb === "QUIT") {
        socket.end(`${answer}221 2.0.0 bye\r\n`);
        return;
      } else answer += "250 2.0.0 ok\r\n";
    }
    rest = text;
    if (answer !== "") socket.write(answer);
  });
}
