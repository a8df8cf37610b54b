import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** System programs live there too, whatever the PATH of the user. */
const FOLDERS: readonly string[] = [...(process.env["PATH"] ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"];

/** Where a program lies, or undefined. */
export function programPath(name: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find((path) => path.startsWith("/") && existsSync(path));
}

/** Runs a program to its end; rejects with what it said when it fails. What it starts keeps nothing of ours open. */
export async function runProgram(name: string, args: readonly string[], input = ""): Promise<string> {
  const path = programPath(name);
  if (path === undefined) throw new Error(`${name} is not installed`);
  const child = spawn(path, args, { env: { ...process.env, PATH: FOLDERS.join(":") }, stdio: "pipe" });
  let said = "";
  child.stdout.on("data", (text: Buffer) => {
    said += text.toString();
  });
  child.stderr.on("data", (text: Buffer) => {
    said += text.toString();
  });
  child.stdin.on("error", () => undefined).end(input);
  const [status] = (await once(child, "exit")) as [number | null];
  child.stdout.destroy();
  child.stderr.destroy();
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${said.slice(-500)}`);
  return said;
}
