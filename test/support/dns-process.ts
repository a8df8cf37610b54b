import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";

/** System programs live there too, whatever the PATH of the user. */
const PATH = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;

/** Runs a program to its end; rejects with what it wrote when it fails. */
export async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  const child = spawn(program, args, { cwd, env: { ...process.env, PATH }, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let complaints = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const [status] = await once(child, "close");
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} failed (${String(status)}): ${out}${complaints}`);
  return out;
}

/** As `run`, but an exit status other than 0 is part of the answer. */
export async function output(program: string, args: readonly string[], cwd: string): Promise<string> {
  const child = spawn(program, args, { cwd, env: { ...process.env, PATH }, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  await once(child, "close");
  return text;
}

export interface Daemon extends AsyncDisposable {
  /** What it wrote so far. */
  log(): string;
  readonly pid: number;
}

/** Starts a server in the foreground and waits until it answers DNS on `port`; disposing ends it and waits. */
export async function startDaemon(
  program: string,
  args: readonly string[],
  place: { readonly cwd: string; readonly port: number },
): Promise<Daemon> {
  const child = spawn(program, args, {
    cwd: place.cwd,
    env: { ...process.env, PATH },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-20_000);
    });
  }
  const ended = once(child, "close");
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const daemon: Daemon = {
    log: () => log,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      if (!over) child.kill("SIGTERM");
      const last = setTimeout(() => child.kill("SIGKILL"), 3_000);
      await ended;
      clearTimeout(last);
    },
  };
  try {
    await answersDns(place.port, () => over);
    return daemon;
  } catch (cause) {
    await daemon[Symbol.asyncDispose]();
    throw new Error(`${program} does not answer: ${log}`, { cause });
  }
}

/** Sends a query for the root's SOA every 25 ms until something comes back. */
function answersDns(port: number, over: () => boolean): Promise<void> {
  const query = Uint8Array.of(0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 1);
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    let tries = 0;
    const timer = setInterval(() => {
      if (over() || ++tries > 800) done(new Error("No answer"));
      else socket.send(query, port, "127.0.0.1");
    }, 25);
    const done = (cause?: Error): void => {
      clearInterval(timer);
      socket.close();
      if (cause === undefined) resolve();
      else reject(cause);
    };
    socket.on("error", () => {});
    socket.once("message", () => done());
  });
}
