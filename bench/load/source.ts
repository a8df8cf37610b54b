import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/**
 * A process that sends messages over connections that stay open, for both sides of a measurement alike. Argument:
 * `{"port","tls","connections","messages","size"}`. Ends when everything was acknowledged; exit 1 on any other answer.
 */
interface Settings {
  readonly port: number;
  readonly tls: boolean;
  readonly connections: number;
  readonly messages: number;
  readonly size: number;
}

const settings = JSON.parse(process.argv[2] ?? "{}") as Settings;
const line = `${"x".repeat(62)}\r\n`;
const content = `Subject: bench\r\n\r\n${line.repeat(Math.ceil(settings.size / line.length))}.\r\n`;
let left = settings.messages;
await Promise.all(Array.from({ length: settings.connections }, () => run()));

async function run(): Promise<void> {
  let talk = talker(await connected());
  await talk.answer("220");
  talk.say("EHLO source\r\n");
  await talk.answer("250");
  if (settings.tls) {
    talk.say("STARTTLS\r\n");
    await talk.answer("220");
    const secured = connectTls({ socket: talk.release(), rejectUnauthorized: false, minVersion: "TLSv1.3" });
    await new Promise<void>((resolve, reject) => secured.once("secureConnect", resolve).once("error", reject));
    talk = talker(secured);
    talk.say("EHLO source\r\n");
    await talk.answer("250");
  }
  while (left-- > 0) {
    talk.say("MAIL FROM:<bench@pine.example>\r\nRCPT TO:<sink@rook.example>\r\nDATA\r\n");
    await talk.answer("250");
    await talk.answer("250");
    await talk.answer("354");
    talk.say(content);
    await talk.answer("250");
  }
  talk.say("QUIT\r\n");
  await talk.answer("221");
  talk.release().destroy();
}

function connected(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectPlain({ host: "127.0.0.1", port: settings.port, noDelay: true });
    socket.once("connect", () => resolve(socket)).once("error", reject);
  });
}

interface Talker {
  say(text: string): void;
  answer(code: string): Promise<void>;
  release(): Socket;
}

function talker(socket: Socket): Talker {
  let text = "";
  let wake: (() => void) | undefined;
  const onData = (chunk: Buffer): void => {
    text += chunk.toString("latin1");
    wake?.();
  };
  const onEnd = (): void => {
    if (wake !== undefined) fail("the connection ended");
  };
  socket.on("data", onData).on("close", onEnd);
  socket.on("error", (error) => fail(error.message));
  return {
    say: (words) => void socket.write(words),
    async answer(code) {
      for (;;) {
        const end = text.indexOf("\r\n");
        if (end >= 0) {
          const reply = text.slice(0, end);
          text = text.slice(end + 2);
          if (!reply.startsWith(code)) fail(reply);
          if (reply[3] !== "-") return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          wake = undefined;
        }
      }
    },
    release() {
      socket.off("data", onData).off("close", onEnd);
      return socket;
    },
  };
}

function fail(why: string): never {
  process.stderr.write(`source: ${why}\n`);
  process.exit(1);
}
