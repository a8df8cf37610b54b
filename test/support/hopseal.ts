import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A real `hopseal run` in a process of its own. */
export interface RunningHopseal {
  readonly folder: string;
  readonly configFile: string;
  readonly pid: number;
  /** Ports in the order of `[[listen]]`. */
  readonly ports: readonly number[];
  /** Every log line so far, parsed. */
  readonly log: readonly Record<string, unknown>[];
  /** Resolves with the first line, past or future, that fits. */
  waitFor(fits: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  /** SIGTERM; resolves with the exit status. */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface HopsealOptions {
  /** TOML; `{folder}` stands for the folder of this instance. */
  readonly config: string;
  /** Reused after a kill, to start again on the same data. */
  readonly folder?: string;
  /** File name (in the folder) → content. */
  readonly files?: Readonly<Record<string, string>>;
  /** The log goes to `{folder}/log` (say so in the configuration) and is read only for the start; for measurements. */
  readonly quiet?: boolean;
  /** Put before the command, e.g. strace with its options. */
  readonly wrapper?: readonly string[];
}

/** Compiled code is kept between starts, of which tests have many. */
process.env["NODE_COMPILE_CACHE"] ??= join(tmpdir(), "hopseal-compile-cache");

export const MAIN: string = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

export async function startHopseal(options: HopsealOptions): Promise<RunningHopseal> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "hopseal-test-")));
  await mkdir(folder, { recursive: true });
  const configFile = join(folder, "hopseal.toml");
  const named = options.config.replaceAll("{folder}", folder);
  // One process, unless a test is about several.
  const config = /^workers\b/m.test(named) ? named : `workers = 1\n${named}`;
  await writeFile(configFile, config);
  for (const [name, content] of Object.entries(options.files ?? {})) {
    await writeFile(join(folder, name), content, { mode: 0o600 });
  }
  const words = [...(options.wrapper ?? []), process.execPath, MAIN, "run", "-c", configFile];
  const child = spawn(words[0] ?? process.execPath, words.slice(1), { stdio: ["ignore", "ignore", "pipe"] });
  const log: Record<string, unknown>[] = [];
  const other: string[] = [];
  const waiting = new Set<{
    fits: (line: Record<string, unknown>) => boolean;
    found: (line: Record<string, unknown>) => void;
  }>();
  createInterface({ input: child.stderr }).on("line", (text) => {
    if (!text.startsWith("{")) {
      other.push(text);
      return;
    }
    const line = JSON.parse(text) as Record<string, unknown>;
    log.push(line);
    for (const waiter of waiting) {
      if (!waiter.fits(line)) continue;
      waiting.delete(waiter);
      waiter.found(line);
    }
  });
  const gone = exitOf(child);
  const waitFor: RunningHopseal["waitFor"] = (fits) => {
    const past = log.find(fits);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      waiting.add({ fits, found: resolve });
      gone.then((status) => reject(new Error(`hopseal ended with ${status}: ${other.join("\n")}`)), reject);
    });
  };
  const expected = config.split("[[listen]]").length - 1;
  if (options.quiet === true) log.push(...(await readUntilReady(join(folder, "log"), child)));
  // Under a wrapper the child is the wrapper, which ends when Hopseal does.
  const pid = Number((await waitFor((line) => line["event"] === "ready"))["pid"]);
  const signal = (name: "SIGTERM" | "SIGKILL"): void => {
    try {
      if (child.exitCode === null && child.signalCode === null) process.kill(pid, name);
    } catch (error) {
      // It died before we heard of it.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  };
  const ports = log
    .filter((line) => line["event"] === "listening" && line["role"] !== "https" && line["role"] !== "metrics")
    .map((line) => Number(String(line["address"]).split(":").at(-1)));
  if (ports.length !== expected) throw new Error(`hopseal listens on ${ports.length} of ${expected} addresses`);
  const stop = async (): Promise<number | null> => {
    signal("SIGTERM");
    return await gone;
  };
  return {
    folder,
    configFile,
    pid,
    ports,
    log,
    waitFor,
    stop,
    async kill() {
      signal("SIGKILL");
      await gone;
    },
    async [Symbol.asyncDispose]() {
      await stop();
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Another process's file can only be polled. */
async function readUntilReady(path: string, child: ChildProcess): Promise<Record<string, unknown>[]> {
  while (child.exitCode === null) {
    const text = await readFile(path, "utf8").catch(() => "");
    if (text.includes('"event":"ready"')) {
      return text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`hopseal ended with ${child.exitCode}`);
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status) => resolve(status));
  });
}
