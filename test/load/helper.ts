import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** What a helper process is to do, as its one message. */
export interface Errand {
  readonly port: number;
  /** Connections, opened in order and kept until the process ends. */
  readonly count: number;
  /** Local addresses to dial from, in turn. */
  readonly from: readonly string[];
  /** `idle` says EHLO and nothing more; `tls` the same in TLS; `big` sends `size` octets of content on each and ends. */
  readonly kind: "idle" | "tls" | "big";
  readonly size?: number;
}

/** The answer: how many are open, or were sent, and what the others said. */
export interface Done {
  readonly done: number;
  readonly failed: readonly string[];
}

process.once("message", (errand: Errand) => void run(errand));

async function run(errand: Errand): Promise<void> {
  let next = 0;
  let done = 0;
  const failed: string[] = [];
  const worker = async (): Promise<void> => {
    while (next < errand.count) {
      const at = next++;
      try {
        await (errand.kind === "big" ? sendOne(errand, at) : openOne(errand, at));
        done++;
      } catch (error) {
        if (failed.length < 10) failed.push(String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: errand.kind === "big" ? errand.count : 50 }, worker));
  process.send?.({ done, failed } satisfies Done);
}

async function openOne(errand: Errand, at: number): Promise<void> {
  const client = await open(errand, at);
  await client.ask(`EHLO c${at}.pine.example`);
}

async function sendOne(errand: Errand, at: number): Promise<void> {
  const client = await open(errand, at);
  for (const line of ["EHLO a", "MAIL FROM:<ada@pine.example>", "RCPT TO:<bo@rook.example>", "DATA"]) {
    await client.ask(line);
  }
  const block = Buffer.from(`${"x".repeat(998)}\r\n`.repeat(64));
  for (let sent = 0; sent < (errand.size ?? 0); sent += block.length) {
    if (client.socket.write(block)) continue;
    await new Promise<void>((resolve, reject) => {
      client.socket.once("drain", resolve).once("close", () => reject(new Error("closed in the content")));
    });
    client.socket.removeAllListeners("close");
  }
  await client.ask(".");
  await client.ask("QUIT");
  client.socket.destroy();
}

interface Client {
  readonly socket: Socket;
  ask(line: string): Promise<void>;
}

/** Rejects for every reply that is no success, and for an end. */
async function open({ port, from, kind }: Errand, at: number): Promise<Client> {
  const tcp = connectTcp({ host: "127.0.0.1", port, localAddress: from[at % from.length] ?? "127.0.0.1" });
  const socket = kind === "tls" ? connectTls({ socket: tcp, rejectUnauthorized: false }) : tcp;
  let settle: ((error?: Error) => void) | undefined;
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    const last = text.slice(text.lastIndexOf("\n", text.length - 2) + 1);
    if (!text.endsWith("\n") || last[3] === "-") return;
    const said = text;
    text = "";
    settle?.(/^[23]/.test(said) ? undefined : new Error(said.trim()));
  });
  const ended = (error?: Error): void => settle?.(error ?? new Error("the connection ended"));
  socket.on("error", ended).on("end", () => ended());
  const reply = (): Promise<void> =>
    new Promise((resolve, reject) => {
      settle = (error) => (error === undefined ? resolve() : reject(error));
    });
  await reply();
  return {
    socket,
    ask(line) {
      const answer = reply();
      socket.write(`${line}\r\n`);
      return answer;
    },
  };
}
