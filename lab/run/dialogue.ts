import { connect, type Socket } from "node:net";
import { connect as secure } from "node:tls";
import type { Duplex } from "node:stream";

/** Speaks SMTP one command at a time, as a simple client does. */
export interface Dialogue extends Disposable {
  /** The reply to a command, or the greeting for none: the code, and all its lines. Rejects when the connection ends. */
  say(line?: string): Promise<Reply>;
  /** From here on inside TLS; nobody is asked who he is. */
  startTls(): Promise<Dialogue>;
}

export interface Reply {
  readonly code: number;
  readonly text: string;
}

export function dialogueWith(socket: Duplex): Dialogue {
  let held = "";
  let over: Error | undefined;
  let wake: (() => void) | undefined;
  const take = (chunk: Buffer): void => {
    held += chunk.toString("latin1");
    wake?.();
  };
  const fail = (error?: Error): void => {
    over ??= error ?? new Error("the connection ended");
    wake?.();
  };
  const onEnd = (): void => fail();
  socket.on("data", take).on("error", fail).on("end", onEnd).on("close", onEnd);
  const reply = async (): Promise<Reply> => {
    for (;;) {
      const found = FINAL.exec(held);
      if (found !== null) {
        const end = found.index + found[0].length;
        const text = held.slice(0, end).trimEnd();
        held = held.slice(end);
        return { code: Number(found[1]), text };
      }
      if (over !== undefined) throw over;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    async say(line) {
      if (line !== undefined) socket.write(line.endsWith("\r\n.\r\n") ? line : `${line}\r\n`);
      return await reply();
    },
    async startTls() {
      socket.off("data", take).off("end", onEnd).off("close", onEnd);
      const secured = secure({ socket, rejectUnauthorized: false });
      secured.on("error", () => undefined);
      await new Promise<void>((resolve, reject) => {
        secured.once("secureConnect", resolve).once("close", () => reject(new Error("no TLS")));
      });
      return dialogueWith(secured);
    },
    [Symbol.dispose]() {
      socket.on("error", () => undefined).destroy();
    },
  };
}

/** Connects to a port on loopback, from any address of it. */
export async function connectTo(port: number, localAddress = "127.0.0.1"): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true, localAddress });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve).once("error", reject);
  });
  return socket;
}

/** The last line of a reply, at the start of a line. */
const FINAL = /(?<=^|\n)(\d{3})(?: [^\r\n]*)?\r\n/;
