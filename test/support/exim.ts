import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messagesIn, untilGreeted, untilStored } from "./other-program.ts";

export interface EximOptions {
  /** Where it listens. */
  readonly address: string;
  readonly port: number;
  /** PEM text; lies in `{directory}/tls.pem`, key first. */
  readonly tls?: { readonly chain: string; readonly key: string };
  /** Further arguments. */
  readonly runs?: readonly string[];
  /** The whole configuration; its transport for mail of its own writes to the maildir `{directory}/mail`. */
  configuration(directory: string): string;
}

export interface RunningExim extends AsyncDisposable {
  readonly directory: string;
  /** Delivered messages as Exim wrote them, in no order. */
  messages(): Promise<readonly Buffer[]>;
  /** Resolves when `count` messages were delivered; rejects with the log after `limit` milliseconds. */
  delivered(count: number, limit?: number): Promise<readonly Buffer[]>;
  /** Hands in one message and makes one attempt; what the main log says of the recipient. */
  send(from: string, to: string): Promise<string>;
  log(): Promise<string>;
}

/** Starts a whole Exim of its own; needs root, as Exim does to become its own user. */
export async function startExim(options: EximOptions): Promise<RunningExim> {
  const directory = await mkdtemp(join(tmpdir(), "hopseal-exim-"));
  await layOut(directory, options);
  const file = join(directory, "exim.conf");
  const child = spawn(EXIM, ["-C", file, "-bdf", "-oP", join(directory, "pid"), ...(options.runs ?? [])], {
    stdio: ["ignore", "ignore", "pipe"],
    // Its deliveries end with it.
    detached: true,
  });
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said += text.toString("utf8")));
  const log = async (): Promise<string> =>
    said + (await readFile(join(directory, "log", "main"), "utf8").catch(() => ""));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, "exit");
      if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
      await gone;
    }
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  const messages = (): Promise<readonly Buffer[]> => messagesIn(join(directory, "mail", "new"));
  try {
    await untilGreeted({ name: "Exim", ...options }, () => child.exitCode);
  } catch (error) {
    const text = await log();
    await stop();
    throw new Error(text, { cause: error });
  }
  return {
    directory,
    messages,
    delivered: (count, limit) => untilStored(count, messages, { log, limit }),
    async send(from, to) {
      await submit(file, from, to);
      return (await log()).split("\n").findLast((line) => line.includes(to) && VERDICT.test(line)) ?? "";
    },
    log,
    [Symbol.asyncDispose]: stop,
  };
}

async function layOut(directory: string, { tls, configuration }: EximOptions): Promise<void> {
  await chmod(directory, 0o755);
  for (const folder of ["spool", "log", "mail"]) await mkdir(join(directory, folder));
  if (tls !== undefined) await writeFile(join(directory, "tls.pem"), `${tls.key}\n${tls.chain}`, { mode: 0o600 });
  await writeFile(join(directory, "exim.conf"), configuration(directory), { mode: 0o644 });
  const owned = ["spool", "log", "mail", ...(tls === undefined ? [] : ["tls.pem"])];
  const child = spawn("chown", [`${EXIM_USER}:${EXIM_USER}`, ...owned.map((name) => join(directory, name))], {
    stdio: "ignore",
  });
  const [status] = (await once(child, "exit")) as [number | null];
  if (status !== 0) throw new Error(`chown to ${EXIM_USER} ended with ${status}`);
}

async function submit(file: string, from: string, to: string): Promise<void> {
  const child = spawn(EXIM, ["-C", file, "-odi", "-f", from, to], { stdio: ["pipe", "ignore", "inherit"] });
  child.stdin.end("Subject: by Exim\n\nThe canary sings\n");
  await once(child, "close");
}

/** Exim runs itself anew for deliveries and must know where it lies. */
export const EXIM: string = join(
  (process.env["PATH"] ?? "").split(":").find((one) => existsSync(join(one, "exim4"))) ?? "/usr/sbin",
  "exim4",
);
/** The user that Debian's Exim is built for. */
export const EXIM_USER = "Debian-exim";
/** Delivered, put off, or failed. */
const VERDICT = /(?:=>|==|\*\*) /;
