import { execFile, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { freePort } from "../../test/support/port.ts";

/** Takes mail and throws it away. */
export interface Sink extends AsyncDisposable {
  readonly port: number;
  /** Resolves when `count` more messages than at the call have come. */
  more(count: number): Promise<void>;
}

export interface Load {
  readonly port: number;
  readonly connections: number;
  readonly messages: number;
  readonly size: number;
}

/** Starts a sink of ours that speaks TLS, in a process of its own. */
export async function startTlsSink(tls: { readonly cert: string; readonly key: string }): Promise<Sink> {
  const child = fork(new URL("sink.ts", import.meta.url), [JSON.stringify({ tls })]);
  const [first] = (await once(child, "message")) as [{ port: number }];
  const count = counter();
  child.on("message", (told: { messages: number }) => count.now(told.messages));
  return { port: first.port, more: count.more, [Symbol.asyncDispose]: async () => child.disconnect() };
}

/** Postfix's own sink, which prints a running count. */
export async function startSmtpSink(): Promise<Sink> {
  const port = await freePort();
  const child = spawn("smtp-sink", ["-c", "-u", "nobody", `inet:127.0.0.1:${port}`, "1000"], { env: ENV });
  await once(child, "spawn");
  const count = counter();
  let rest = "";
  child.stdout.setEncoding("latin1").on("data", (text: string) => {
    const counts = [...(rest + text).matchAll(COUNT)].at(-1);
    rest = (rest + text).slice(-LONGEST_COUNT);
    if (counts !== undefined) count.now(Number(counts[1]));
  });
  return {
    port,
    more: count.more,
    async [Symbol.asyncDispose]() {
      child.kill();
      await once(child, "exit");
    },
  };
}

/** Sends the load over connections that stay open, by Postfix's own source; resolves when all of it was acknowledged. */
export async function sendBySmtpSource({ port, connections, messages, size }: Load): Promise<void> {
  const load = ["-s", connections, "-l", size, "-m", messages].map(String);
  const args = ["-d", ...load, "-f", "bench@pine.example", "-t", "sink@rook.example", `inet:127.0.0.1:${port}`];
  await promisify(execFile)("smtp-source", args, { env: ENV });
}

/** The same with TLS 1.3, from a process of ours: smtp-source speaks no TLS. */
export async function sendByTls(load: Load): Promise<void> {
  const child = fork(new URL("source.ts", import.meta.url), [JSON.stringify({ ...load, tls: true })]);
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`The load generator ended with ${code}`);
}

function counter(): { now(messages: number): void; more: Sink["more"] } {
  let messages = 0;
  let check: () => void = () => undefined;
  return {
    now(told) {
      messages = told;
      check();
    },
    more(count) {
      const goal = messages + count;
      return new Promise((resolve) => {
        check = () => {
          if (messages >= goal) resolve();
        };
      });
    },
  };
}

const ENV = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` };
const COUNT = /mesg=\s*(\d+)\s/g;
const LONGEST_COUNT = 40;
