import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Ran {
  readonly status: number | null;
  /** What it said on both streams. */
  readonly output: string;
}

/** Runs a program to its end. */
export async function run(program: string, args: readonly string[], input = ""): Promise<Ran> {
  using started = start(program, args);
  started.child.stdin.end(input);
  return await started.ended;
}

export interface Started extends Disposable {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ran>;
  /** Resolves when the output matches. */
  says(pattern: RegExp): Promise<void>;
}

/** Starts a program that is killed with its scope. */
export function start(program: string, args: readonly string[]): Started {
  const child = spawn(program, args, { env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` } });
  let output = "";
  let stir = (): void => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("latin1").on("data", (text: string) => {
      output += text;
      stir();
    });
  }
  child.stdin.on("error", () => {});
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => {
      resolve({ status, output });
      stir();
    });
  });
  return {
    child,
    ended,
    async says(pattern) {
      while (!pattern.test(output)) {
        if (child.exitCode !== null) throw new Error(`The program ended without ${String(pattern)}: ${output}`);
        await new Promise<void>((resolve) => {
          stir = resolve;
        });
      }
    },
    [Symbol.dispose]: () => {
      child.kill();
    },
  };
}

/** A file that goes away with its scope. */
export function temporaryFile(name: string, content: string): { readonly path: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), "hopseal-interop-"));
  const path = join(folder, name);
  writeFileSync(path, content);
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}
