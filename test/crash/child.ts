import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

export interface Ending {
  readonly said: string;
  readonly errors: string;
  readonly killed: boolean;
}

export interface LoadOptions {
  readonly directory: string;
  readonly seed: number;
  readonly producers: number;
  readonly messages: number;
  /** Put before the command, such as strace with its options. */
  readonly under?: readonly string[];
  /** Kills the process as soon as it has said this many lines. */
  readonly killAfterLines?: number;
}

/** Runs `load.ts` to its end. */
export async function runLoad(options: LoadOptions): Promise<Ending> {
  // Only a process that ends by itself leaves what it compiled to the others, which start in a third of the time.
  warm ??= start({ directory: `${CACHE}/shard`, seed: 1, producers: 1, messages: 1 });
  await warm;
  return start(options);
}

function start(options: LoadOptions): Promise<Ending> {
  const { directory, seed, producers, messages, under = [], killAfterLines = Infinity } = options;
  const load = [process.execPath, LOAD, directory, String(seed), String(producers), String(messages)];
  const [program = "", ...args] = [...under, ...load];
  return new Promise((resolve, reject) => {
    // A process that is made to die has no coverage to report.
    const env = { ...process.env, NODE_V8_COVERAGE: undefined, NODE_COMPILE_CACHE: `${CACHE}/code` };
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    let errors = "";
    let lines = 0;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      lines += text.split("\n").length - 1;
      if (lines >= killAfterLines) child.kill("SIGKILL");
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    child.on("error", reject);
    child.on("close", (_code, signal) => resolve({ said, errors, killed: signal === "SIGKILL" }));
  });
}

let warm: Promise<Ending> | undefined;
const CACHE = mkdtempSync(`${tmpdir()}/hopseal-load-`);
// The threads of this process too, unless what they run is counted.
if (process.env["NODE_V8_COVERAGE"] === undefined) process.env["NODE_COMPILE_CACHE"] = `${CACHE}/code`;
process.on("exit", () => rmSync(CACHE, { recursive: true, force: true }));
const LOAD = fileURLToPath(new URL("./load.ts", import.meta.url));
