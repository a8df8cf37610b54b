import { spawn } from "node:child_process";
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
export function runLoad(options: LoadOptions): Promise<Ending> {
  const { directory, seed, producers, messages, under = [], killAfterLines = Infinity } = options;
  const load = [process.execPath, LOAD, directory, String(seed), String(producers), String(messages)];
  const [program = "", ...args] = [...under, ...load];
  return new Promise((resolve, reject) => {
    // A process that is made to die has no coverage to report.
    const env = { ...process.env, NODE_V8_COVERAGE: undefined };
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

const LOAD = fileURLToPath(new URL("./load.ts", import.meta.url));
